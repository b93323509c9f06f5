import { Worker } from 'node:worker_threads';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';

/** A range of a file; `end` is excluded, and the file's end when left out. */
export interface FileRange {
  file: string;
  start: number;
  end?: number;
}

interface Answer {
  id: number;
  digest?: Digest;
  error?: string;
}

interface Waiting {
  resolve: (digest: Digest) => void;
  reject: (error: Error) => void;
}

/**
 * Hashes files in a thread of its own, so that a large file keeps no other
 * request waiting. The thread starts with the first range, and again after it
 * has ended for whatever reason; hashes that it was at are lost then.
 */
export class HashingThread {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** Hashes that the present thread knows. */
  #begun = new Set<number>();

  begin(): number {
    this.#nextId++;
    return this.#nextId;
  }

  /**
   * Feeds a range to a hash; ranges are worked on in the order that they came in.
   * What an earlier thread was fed is lost with it, and so is what follows.
   */
  feed(id: number, range: FileRange): void {
    if (range.start !== 0 && !this.#begun.has(id)) return;
    this.#begun.add(id);
    this.#running().postMessage({ id, ...range, ends: false });
  }

  /**
   * Feeds the last range to a hash, and ends it.
   *
   * @throws Error when a file could not be read, or the thread ended meanwhile
   */
  end(id: number, range: FileRange): Promise<Digest> {
    if (range.start !== 0 && !this.#begun.has(id))
      return Promise.reject(new Error('the thread that hashes has ended'));
    this.#begun.delete(id);
    const worker = this.#running();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, ...range, ends: true });
    });
  }

  forget(id: number): void {
    if (this.#begun.delete(id)) this.#worker?.postMessage({ id, forget: true });
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(
      resolvePackagePath(
        '@baseasset/backstage-plugin-asset-manager-backend',
        'workers',
        'hash.js',
      ),
      // What the process was started with is no matter of the thread.
      { execArgv: [], env: {} },
    );
    worker.unref();
    worker.on('message', ({ id, digest, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
      if (digest) waiting?.resolve(digest);
      else waiting?.reject(new Error(error));
    });
    const ended = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#begun = new Set();
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', ended);
    worker.on('exit', () =>
      ended(new Error('the thread that hashes has ended')),
    );
    this.#worker = worker;
    return worker;
  }
}
