import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { Breather } from './Breather';

/** A thread takes some 40 ms to start: as long as this many files take. */
const WORTH_A_THREAD = 256;
const MOST_THREADS = 4;

/** A small file to be written whole: under another name first, then renamed. */
export interface SmallFile {
  digest: Digest;
  /** Bytes. */
  size: number;
  /** Where its bytes begin in those of the batch, or the file that has them. */
  source: number | string;
  /** In the folder of the target, or in one of the same disk. */
  temporary: string;
  target: string;
  mode: number;
}

export interface Batch {
  /** The bytes of files whose source is a number; not to be used any more afterwards. */
  bytes?: Uint8Array;
  files: readonly SmallFile[];
}

/**
 * How the writing of a file ended: it stands there, its bytes were not what the
 * digest says, or the file system refused.
 */
export type Outcome = 'written' | 'damaged' | FileError;

interface FileError {
  message: string;
  code?: string;
  syscall?: string;
}

/** What outcome an error of the file system was, as an error again. */
export function errorOf({ message, ...rest }: FileError): Error {
  return Object.assign(new Error(message), rest);
}

/**
 * Makes what writes a batch. A thread gets this function as text, so it may use
 * nothing but what it is given.
 */
function makeWriter(modules: {
  fs: typeof import('node:fs');
  crypto: typeof import('node:crypto');
}): (batch: Batch) => Outcome[] {
  return ({ bytes, files }) =>
    files.map(({ digest, size, source, temporary, target, mode }) => {
      try {
        const content =
          typeof source === 'string'
            ? modules.fs.readFileSync(source)
            : bytes!.subarray(source, source + size);
        const hash = modules.crypto.createHash('sha256').update(content);
        if (`sha256:${hash.digest('hex')}` !== digest) return 'damaged';
        modules.fs.writeFileSync(temporary, content, { mode, flag: 'wx' });
        modules.fs.renameSync(temporary, target);
        return 'written';
      } catch (error) {
        modules.fs.rmSync(temporary, { force: true });
        const { message, code, syscall } = error as NodeJS.ErrnoException;
        return { message, code, syscall };
      }
    });
}

/** One batch at a time. */
class Thread {
  readonly #worker = new Worker(
    `const write = (${makeWriter})({
       fs: require('node:fs'),
       crypto: require('node:crypto'),
     });
     const { parentPort } = require('node:worker_threads');
     parentPort.on('message', batch => parentPort.postMessage(write(batch)));`,
    { eval: true, execArgv: [] },
  );

  write(batch: Batch): Promise<Outcome[]> {
    const { bytes } = batch;
    // A view of a memory that others use can only be copied.
    const isOwn = bytes && bytes.byteLength === bytes.buffer.byteLength;
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#worker.removeAllListeners('message');
        this.#worker.removeAllListeners('error');
      };
      this.#worker.on('message', outcomes => {
        settle();
        resolve(outcomes);
      });
      this.#worker.on('error', error => {
        settle();
        reject(error);
      });
      this.#worker.postMessage(
        batch,
        isOwn ? [bytes.buffer as ArrayBuffer] : [],
      );
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/**
 * Writes many small files, each verified against its digest, on several threads:
 * almost all of the time is the file system's, which one thread alone can't use
 * up. What is few is written at once.
 */
export class SmallFileWriter {
  readonly #idle: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  readonly #breather = new Breather();
  readonly #writeHere = makeWriter({ fs, crypto });
  #threads = 0;
  #seen = 0;

  /** Batches that are worked on at the same time. */
  readonly hands = Math.min(MOST_THREADS, os.availableParallelism());

  /** @returns the outcomes, in the order of the files */
  async write(batch: Batch): Promise<Outcome[]> {
    this.#seen += batch.files.length;
    if (this.#seen < WORTH_A_THREAD || this.hands === 1) {
      const outcomes: Outcome[] = [];
      for (const file of batch.files) {
        await this.#breather.breathe();
        outcomes.push(
          ...this.#writeHere({ bytes: batch.bytes, files: [file] }),
        );
      }
      return outcomes;
    }
    const thread = await this.#take();
    try {
      return await thread.write(batch);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#idle.push(thread);
    }
  }

  /** Ends the threads; what is written later starts new ones. */
  async close(): Promise<void> {
    const threads = this.#idle.splice(0);
    this.#threads -= threads.length;
    this.#seen = 0;
    await Promise.all(threads.map(thread => thread.end()));
  }

  #take(): Thread | Promise<Thread> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#threads < this.hands) {
      this.#threads++;
      return new Thread();
    }
    return new Promise(resolve => {
      this.#waiting.push(resolve);
    });
  }
}
