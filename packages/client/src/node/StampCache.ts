import { createHash, randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import {
  Digest,
  isDigest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { makeFolder } from './folders';

/** A stamp is trusted only when it is this much older than its reading: clocks of disks are coarse. */
export const SETTLED_MS = 50;

/** What is remembered of one file of a folder. */
export interface StampedFile {
  stamp: string;
  digest: Digest;
}

/**
 * Remembers for one folder which digest a file had at which stamp, so that an
 * unchanged folder costs a look at each file and no reading. It stands in the
 * cache, not in the folder, and may be lost at any time.
 */
export class StampCache {
  /**
   * @param options.purpose - `hashes` for what was read while pushing, `pulled` for what a
   *   pull wrote: only the latter is nobody's work and may be overwritten; `cached` for
   *   blobs of the cache that are linked from elsewhere
   */
  static async open(options: {
    cache: string;
    folder: string;
    purpose: 'hashes' | 'pulled' | 'cached';
  }): Promise<StampCache> {
    const folder = await fs
      .realpath(options.folder)
      .catch(() => path.resolve(options.folder));
    const name = createHash('sha256').update(folder).digest('hex');
    const file = path.join(options.cache, options.purpose, `${name}.json`);
    const known = new Map<string, StampedFile>();
    try {
      const { version, files } = JSON.parse(await fs.readFile(file, 'utf8'));
      if (version === 1) {
        for (const [key, stamp, digest] of files) {
          if (
            typeof key === 'string' &&
            typeof stamp === 'string' &&
            isDigest(digest)
          ) {
            known.set(key, { stamp, digest });
          }
        }
      }
    } catch {
      // Not there yet, or damaged: everything is read once more.
    }
    return new StampCache(file, known);
  }

  readonly #file: string;
  readonly #known: Map<string, StampedFile>;
  #changed = false;

  private constructor(file: string, known: Map<string, StampedFile>) {
    this.#file = file;
    this.#known = known;
  }

  /** The digest of a file whose stamp is still the same. */
  get(key: string, stamp: string): Digest | undefined {
    const known = this.#known.get(key);
    return known?.stamp === stamp ? known.digest : undefined;
  }

  /** All files that are remembered, by their keys. */
  entries(): IterableIterator<[string, StampedFile]> {
    return this.#known.entries();
  }

  set(key: string, file: StampedFile): void {
    const [, mtimeNs] = file.stamp.split('-');
    // A file that was written this moment may be written again under the same stamp.
    if (Date.now() - Number(BigInt(mtimeNs) / 1_000_000n) < SETTLED_MS) {
      this.delete(key);
      return;
    }
    this.trust(key, file);
  }

  /** Remembers a file that nobody could have written to since it was looked at. */
  trust(key: string, file: StampedFile): void {
    this.#known.set(key, file);
    this.#changed = true;
  }

  /** Forgets all files: the folder is another one. */
  clear(): void {
    this.#changed ||= this.#known.size > 0;
    this.#known.clear();
  }

  /** How a file looked when it was remembered. */
  stampOf(key: string): string | undefined {
    return this.#known.get(key)?.stamp;
  }

  delete(key: string): void {
    this.#changed = this.#known.delete(key) || this.#changed;
  }

  async save(): Promise<void> {
    await (await this.prepare()).keep();
  }

  /** Writes down what is remembered now, to be kept or dropped in a moment. */
  async prepare(): Promise<{
    keep(): Promise<void>;
    drop(): Promise<void>;
  }> {
    if (!this.#changed) return { keep: async () => {}, drop: async () => {} };
    await makeFolder(path.dirname(this.#file));
    const temporary = `${this.#file}.${randomUUID()}`;
    const files = [...this.#known].map(([key, { stamp, digest }]) => [
      key,
      stamp,
      digest,
    ]);
    try {
      await fs.writeFile(temporary, JSON.stringify({ version: 1, files }));
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    return {
      keep: async () => {
        await fs.rename(temporary, this.#file);
        this.#changed = false;
      },
      drop: () => fs.rm(temporary, { force: true }),
    };
  }
}
