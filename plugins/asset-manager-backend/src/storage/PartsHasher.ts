import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { HashingThread } from '../hashing/HashingThread';

interface Progress {
  id: number;
  /** Bytes from the begin that are hashed, or are on their way to it. */
  hashed: number;
  /** Ends of the parts that have arrived, by where they begin. */
  arrived: Map<number, number>;
}

/**
 * Hashes an unfinished blob from its begin while its later parts arrive, so
 * that making a blob of its parts does not wait for all of it to be read again.
 * What it knows is lost with the process; then everything is read at the end.
 */
export class PartsHasher {
  readonly #thread = new HashingThread();
  readonly #progress = new Map<string, Progress>();

  /** Hears that a part is about to be written, perhaps over one that was hashed. */
  writing(file: string, offset: number): void {
    const progress = this.#progress.get(file);
    if (progress && (offset < progress.hashed || progress.arrived.has(offset)))
      this.forget(file);
  }

  /** Hears that a part of the file is written. */
  arrived(file: string, offset: number, size: number): void {
    let progress = this.#progress.get(file);
    if (!progress) {
      progress = { id: this.#thread.begin(), hashed: 0, arrived: new Map() };
      this.#progress.set(file, progress);
    }
    const { id, arrived } = progress;
    // Another writing of it was faster, and was hashed.
    if (offset < progress.hashed) {
      this.forget(file);
      return;
    }
    arrived.set(offset, offset + size);
    for (;;) {
      const start = progress.hashed;
      const end = arrived.get(start);
      if (end === undefined) return;
      arrived.delete(start);
      progress.hashed = end;
      this.#thread.feed(id, { file, start, end });
    }
  }

  forget(file: string): void {
    const progress = this.#progress.get(file);
    if (progress) this.#thread.forget(progress.id);
    this.#progress.delete(file);
  }

  /** The digest of the whole file. */
  async digest(file: string): Promise<Digest> {
    const progress = this.#progress.get(file);
    this.#progress.delete(file);
    if (progress && progress.hashed > 0) {
      try {
        const rest = { file, start: progress.hashed };
        return await this.#thread.end(progress.id, rest);
      } catch {
        // What the thread knew is lost: everything is read once more.
      }
    }
    return this.#thread.end(this.#thread.begin(), { file, start: 0 });
  }
}
