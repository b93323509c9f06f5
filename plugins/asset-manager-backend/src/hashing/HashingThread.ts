import { Worker } from 'node:worker_threads';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import {
  BLOCK_SIZE,
  countBlocks,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** Bytes that are on their way to the thread at most, of one stream. */
const AHEAD = 8 * 1024 * 1024;

/** A range of a file; `end` is excluded, and the file's end when left out. */
export interface FileRange {
  file: string;
  start: number;
  end?: number;
}

/** The digest of some bytes, and those of their blocks behind each other where they were wanted. */
export interface Hashed {
  digest: Digest;
  blocks?: Buffer;
}

interface Answer {
  id: number;
  /** Bytes of a chunk that was worked on. */
  taken?: number;
  digest?: Digest;
  blocks?: Uint8Array;
  error?: string;
}

interface Waiting {
  resolve: (hashed: Hashed) => void;
  reject: (error: Error) => void;
}

const ENDED = 'the thread that hashes has ended';

/**
 * Hashes files and streams in a thread of its own, so that a large one keeps no
 * request waiting. The thread starts with the first bytes, and again after it
 * has ended for whatever reason; hashes that it was at are lost then.
 */
export class HashingThread {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** Hashes that the present thread knows. */
  #begun = new Set<number>();
  /** Bytes of streams that the thread has not worked on, and who waits for that. */
  readonly #ahead = new Map<number, { bytes: number; wake?: () => void }>();

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
    this.#running().postMessage({ id, ...range });
  }

  /**
   * Feeds the last range to a hash, and ends it.
   *
   * @throws Error when a file could not be read, or the thread ended meanwhile
   */
  async end(id: number, range: FileRange): Promise<Digest> {
    if (range.start !== 0 && !this.#begun.has(id)) throw new Error(ENDED);
    this.feed(id, range);
    return (await this.#end(id)).digest;
  }

  /**
   * Hashes a stream, whose chunks are nobody's any more once they were read.
   *
   * @param options.size - what it should have, in bytes, where the digests of its
   *   blocks are wanted; what comes besides has none
   * @throws what the stream throws, and Error when the thread ended meanwhile
   */
  async hashStream(
    stream: AsyncIterable<Buffer>,
    options: { size?: number; signal?: AbortSignal } = {},
  ): Promise<Hashed> {
    const { size, signal } = options;
    const id = this.begin();
    const worker = this.#running();
    this.#begun.add(id);
    if (size !== undefined)
      worker.postMessage({
        id,
        blocks: { size: BLOCK_SIZE, count: countBlocks(size) },
      });
    const ahead: { bytes: number; wake?: () => void } = { bytes: 0 };
    this.#ahead.set(id, ahead);
    try {
      for await (const chunk of stream) {
        signal?.throwIfAborted();
        if (!this.#begun.has(id)) throw new Error(ENDED);
        ahead.bytes += chunk.length;
        // Of a view the whole memory behind it would travel.
        const own =
          chunk.byteLength === chunk.buffer.byteLength
            ? chunk
            : new Uint8Array(chunk);
        worker.postMessage({ id, chunk: own }, [own.buffer as ArrayBuffer]);
        if (ahead.bytes > AHEAD)
          await new Promise<void>(resolve => {
            ahead.wake = resolve;
          });
      }
      if (!this.#begun.has(id)) throw new Error(ENDED);
      return await this.#end(id);
    } finally {
      this.#ahead.delete(id);
      this.forget(id);
    }
  }

  forget(id: number): void {
    if (this.#begun.delete(id)) this.#worker?.postMessage({ id, forget: true });
  }

  #end(id: number): Promise<Hashed> {
    this.#begun.delete(id);
    const worker = this.#running();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, ends: true });
    });
  }

  #take({ id, taken, digest, blocks, error }: Answer): void {
    if (taken !== undefined) {
      const ahead = this.#ahead.get(id);
      if (!ahead) return;
      ahead.bytes -= taken;
      if (ahead.bytes <= AHEAD) ahead.wake?.();
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (!digest) waiting?.reject(new Error(error));
    else
      waiting?.resolve({
        digest,
        ...(blocks && {
          blocks: Buffer.from(
            blocks.buffer,
            blocks.byteOffset,
            blocks.byteLength,
          ),
        }),
      });
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
    worker.on('message', (answer: Answer) => this.#take(answer));
    const ended = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#begun = new Set();
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      for (const { wake } of this.#ahead.values()) wake?.();
    };
    worker.on('error', ended);
    worker.on('exit', () => ended(new Error(ENDED)));
    this.#worker = worker;
    return worker;
  }
}
