import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { Breather } from './Breather';
import { SMALL } from './readSmall';

/** A thread takes some 40 ms to start: as long as this many files take. */
const WORTH_A_THREAD = 256;
const MOST_THREADS = 4;

/** Where a small file is to stand. */
export interface Place {
  target: string;
  /**
   * In the folder of the target, or in one of the same disk: the file is written
   * there first, then renamed. At once to its place when left out, which is for
   * folders that nobody sees yet.
   */
  temporary?: string;
  mode: number;
}

/** A small file to be written whole, to one place or several. */
export interface SmallFile {
  digest: Digest;
  /** Bytes. */
  size: number;
  /** Where its bytes begin in those of the batch, or the file that has them. */
  source: number | string;
  places: readonly Place[];
}

export interface Batch {
  /** The bytes of files whose source is a number; not to be used any more afterwards. */
  bytes?: Uint8Array;
  files: readonly SmallFile[];
}

/** A link to be made to a file where nothing stands. */
export interface Link {
  source: string;
  target: string;
  /** How the source has to look; whatever it looks like when left out. */
  stamp?: string;
}

/** A small file as it was read. */
export interface Hashed {
  digest: Digest;
  /** How it looked after it was read. */
  stamp: string;
}

/** The file stands there; how it looked then, in its last place. */
export interface Written {
  stamp: string;
}

interface FileError {
  message: string;
  code?: string;
  syscall?: string;
}

/**
 * How the writing of a file ended: it stands there, its bytes were not what the
 * digest says, or the file system refused.
 */
export type Outcome = Written | 'damaged' | FileError;

/**
 * How the making of a link ended: it stands there, the source looks otherwise
 * than it has to, or the file system refused.
 */
export type LinkOutcome = Written | 'other' | FileError;

/** How the hashing of a file ended; `large` is one that is not small any more. */
export type HashOutcome = Hashed | 'large' | FileError;

/** What outcome an error of the file system was, as an error again. */
export function errorOf({ message, ...rest }: FileError): Error {
  return Object.assign(new Error(message), rest);
}

export function isHashed(outcome: HashOutcome): outcome is Hashed {
  return typeof outcome === 'object' && 'digest' in outcome;
}

export function isWritten(outcome: Outcome | LinkOutcome): outcome is Written {
  return typeof outcome === 'object' && 'stamp' in outcome;
}

interface Job {
  batch?: Batch;
  links?: readonly Link[];
  /** Files to be hashed. */
  reads?: readonly string[];
}

type Any = Outcome | LinkOutcome | HashOutcome;

/**
 * Makes what works on small files. A thread gets this function as text, so it may
 * use nothing but what it is given; and a bundler adds something to whatever has a
 * name of its own in here, but to methods.
 */
function makeWorker(given: {
  fs: typeof import('node:fs');
  crypto: typeof import('node:crypto');
  /** Memory for one small file. */
  room: Uint8Array;
}) {
  return {
    ...given,

    work({ batch, links, reads }: Job): Any[] {
      return [
        ...(batch?.files ?? []).map(file =>
          this.attempt(() => this.write(batch?.bytes, file)),
        ),
        ...(links ?? []).map(link => this.attempt(() => this.link(link))),
        ...(reads ?? []).map(each => this.attempt(() => this.hash(each))),
      ];
    },

    attempt<T>(work: () => T): T | FileError {
      try {
        return work();
      } catch (error) {
        const { message, code, syscall } = error as NodeJS.ErrnoException;
        return { message, code, syscall };
      }
    },

    write(bytes: Uint8Array | undefined, file: SmallFile): Outcome {
      const { digest, size, source, places } = file;
      const content =
        typeof source === 'string'
          ? this.read(source)
          : bytes!.subarray(source, source + size);
      const hash = this.crypto.createHash('sha256').update(content);
      if (`sha256:${hash.digest('hex')}` !== digest) return 'damaged';
      let stamp = '';
      for (const [index, place] of places.entries())
        stamp = this.put(content, place, index === places.length - 1);
      return { stamp };
    },

    /** Reads a file that is as small as it should be, or its begin. */
    read(location: string): Uint8Array {
      const file = this.fs.openSync(location, 'r');
      try {
        const { length } = this.room;
        const size = this.fs.readSync(file, this.room, 0, length, 0);
        return this.room.subarray(0, size);
      } finally {
        this.fs.closeSync(file);
      }
    },

    /** @returns how it looks, where that is wanted */
    put(content: Uint8Array, place: Place, looks: boolean): string {
      const { target, temporary, mode } = place;
      const location = temporary ?? target;
      const file = this.fs.openSync(location, 'wx', mode);
      try {
        let stamp = '';
        try {
          for (let at = 0; at < content.length; ) {
            const written = this.fs.writeSync(file, content, at);
            if (written === 0) throw new Error('the disk takes no more bytes');
            at += written;
          }
          if (looks)
            stamp = this.stampOf(this.fs.fstatSync(file, { bigint: true }));
        } finally {
          this.fs.closeSync(file);
        }
        if (temporary !== undefined) this.fs.renameSync(temporary, target);
        return stamp;
      } catch (error) {
        this.fs.rmSync(location, { force: true });
        throw error;
      }
    },

    hash(location: string): HashOutcome {
      const file = this.fs.openSync(location, 'r');
      try {
        const length = this.fs.readSync(
          file,
          this.room,
          0,
          this.room.length,
          0,
        );
        const stat = this.fs.fstatSync(file, { bigint: true });
        if (stat.size > length) return 'large';
        const hash = this.crypto.createHash('sha256');
        hash.update(this.room.subarray(0, length));
        return {
          digest: `sha256:${hash.digest('hex')}`,
          stamp: this.stampOf(stat),
        };
      } finally {
        this.fs.closeSync(file);
      }
    },

    link({ source, target, stamp }: Link): LinkOutcome {
      const before = this.fs.lstatSync(source, { bigint: true });
      if (stamp !== undefined && this.stampOf(before) !== stamp) return 'other';
      this.fs.linkSync(source, target);
      const after = this.fs.lstatSync(target, { bigint: true });
      // Somebody wrote through another link at this moment: whoever asks next reads it.
      const same =
        after.size === before.size &&
        after.mtimeNs === before.mtimeNs &&
        after.ino === before.ino;
      return { stamp: same ? this.stampOf(after) : '' };
    },

    /** As `stampOf` of scans has it. */
    stampOf(stat: import('node:fs').BigIntStats): string {
      return `${stat.size}-${stat.mtimeNs}-${stat.ctimeNs}-${stat.ino}`;
    },
  };
}

/** One job at a time. */
class Thread {
  readonly #worker = new Worker(
    `const worker = (${makeWorker})({
       fs: require('node:fs'),
       crypto: require('node:crypto'),
       room: Buffer.alloc(${SMALL}),
     });
     const { parentPort } = require('node:worker_threads');
     parentPort.on('message', job => parentPort.postMessage(worker.work(job)));`,
    { eval: true, execArgv: [] },
  );

  /** @throws Error when the thread has ended; it can't be used any more then */
  work(job: Job): Promise<Any[]> {
    const bytes = job.batch?.bytes;
    // A view of a memory that others use can only be copied.
    const isOwn = bytes && bytes.byteLength === bytes.buffer.byteLength;
    return new Promise((resolve, reject) => {
      const settle = () => {
        for (const event of ['message', 'error', 'exit'])
          this.#worker.removeAllListeners(event);
      };
      this.#worker.on('message', outcomes => {
        settle();
        resolve(outcomes);
      });
      this.#worker.on('error', error => {
        settle();
        reject(error);
      });
      this.#worker.on('exit', () => {
        settle();
        reject(new Error('a thread that writes files has ended'));
      });
      this.#worker.postMessage(job, isOwn ? [bytes.buffer as ArrayBuffer] : []);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/**
 * Hashes many small files, writes them, each verified against its digest, or makes
 * links to them, on several threads: almost all of the time is the file system's,
 * which one thread alone can't use up. What is few is done at once.
 */
export class SmallFileWorkers {
  readonly #idle: Thread[] = [];
  readonly #waiting: ((thread: Thread | undefined) => void)[] = [];
  readonly #breather = new Breather();
  readonly #here = makeWorker({
    fs,
    crypto,
    room: Buffer.allocUnsafe(SMALL),
  });
  #threads = 0;
  #seen = 0;

  /** Batches that are worked on at the same time. */
  readonly hands = Math.min(MOST_THREADS, os.availableParallelism());

  /** @returns the outcomes, in the order of the files */
  async write(batch: Batch): Promise<Outcome[]> {
    const { bytes, files } = batch;
    return (await this.#work(
      files.length,
      { batch },
      files.map(file => ({ batch: { bytes, files: [file] } })),
    )) as Outcome[];
  }

  /** @returns the outcomes, in the order of the links */
  async link(links: readonly Link[]): Promise<LinkOutcome[]> {
    return (await this.#work(
      links.length,
      { links },
      links.map(each => ({ links: [each] })),
    )) as LinkOutcome[];
  }

  /**
   * Hashes small files as they stand now.
   *
   * @returns the outcomes, in the order of the files
   */
  async hash(locations: readonly string[]): Promise<HashOutcome[]> {
    return (await this.#work(
      locations.length,
      { reads: locations },
      locations.map(each => ({ reads: [each] })),
    )) as HashOutcome[];
  }

  /** Does a job in a thread, or the single ones that it is made of at once. */
  async #work(count: number, job: Job, singly: readonly Job[]): Promise<Any[]> {
    this.#seen += count;
    let thread =
      this.#seen < WORTH_A_THREAD || this.hands === 1
        ? undefined
        : await this.#take();
    if (!thread) return this.#workHere(singly);
    try {
      return await thread.work(job);
    } catch (error) {
      await thread.end();
      this.#threads--;
      thread = undefined;
      throw error;
    } finally {
      this.#pass(
        thread ?? (this.#waiting.length > 0 ? this.#begin() : undefined),
      );
    }
  }

  /** Gives a thread to whoever waits for one; all who wait hear that there is none. */
  #pass(thread: Thread | undefined): void {
    if (thread) {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#idle.push(thread);
    } else for (const next of this.#waiting.splice(0)) next(undefined);
  }

  async #workHere(singly: readonly Job[]): Promise<Any[]> {
    const outcomes: Any[] = [];
    for (const single of singly) {
      await this.#breather.breathe();
      outcomes.push(...this.#here.work(single));
    }
    return outcomes;
  }

  /** Ends the threads; what is written later starts new ones. */
  async close(): Promise<void> {
    const threads = this.#idle.splice(0);
    this.#threads -= threads.length;
    this.#seen = 0;
    await Promise.all(threads.map(thread => thread.end()));
  }

  #take(): Thread | undefined | Promise<Thread | undefined> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#threads < this.hands) return this.#begin();
    return new Promise(resolve => {
      this.#waiting.push(resolve);
    });
  }

  /** @returns undefined where the machine has no thread left: what waits is done at once */
  #begin(): Thread | undefined {
    try {
      const thread = new Thread();
      this.#threads++;
      return thread;
    } catch {
      return undefined;
    }
  }
}
