import { createHash, Hash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';

const READ_BYTES = 1024 * 1024;

interface Progress {
  hash: Hash;
  /** Bytes from the begin that are hashed. */
  hashed: number;
  /** Ends of the parts that have arrived, by where they begin. */
  arrived: Map<number, number>;
  running: Promise<void>;
}

/**
 * Hashes an unfinished blob from its begin while its later parts arrive, so
 * that making a blob of its parts does not wait for all of it to be read again.
 * What it knows is lost with the process; then everything is read at the end.
 */
export class PartsHasher {
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
      progress = {
        hash: createHash('sha256'),
        hashed: 0,
        arrived: new Map(),
        running: Promise.resolve(),
      };
      this.#progress.set(file, progress);
    }
    progress.arrived.set(offset, offset + size);
    const current = progress;
    progress.running = progress.running
      .then(() => this.#advance(file, current))
      .catch(() => this.forget(file));
  }

  forget(file: string): void {
    this.#progress.delete(file);
  }

  /** The digest of the whole file. */
  async digest(file: string): Promise<Digest> {
    const progress = this.#progress.get(file);
    await progress?.running;
    const known = this.#progress.get(file) === progress ? progress : undefined;
    this.forget(file);
    const hash = known?.hash ?? createHash('sha256');
    await feed(hash, file, known?.hashed ?? 0);
    return `sha256:${hash.digest('hex')}`;
  }

  async #advance(file: string, progress: Progress): Promise<void> {
    for (;;) {
      const end = progress.arrived.get(progress.hashed);
      if (end === undefined || this.#progress.get(file) !== progress) return;
      const start = progress.hashed;
      progress.hashed = end;
      progress.arrived.delete(start);
      await feed(progress.hash, file, start, end);
    }
  }
}

/**
 * Feeds a range of a file to a hash; `end` is excluded. One block of memory is
 * read into again and again: a new one for each read would keep the garbage
 * collector of a large process busy.
 */
async function feed(
  hash: Hash,
  file: string,
  start: number,
  end = Infinity,
): Promise<void> {
  const handle = await fs.open(file, 'r');
  try {
    const block = Buffer.allocUnsafe(READ_BYTES);
    for (let at = start; at < end; ) {
      const { bytesRead } = await handle.read(
        block,
        0,
        Math.min(READ_BYTES, end - at),
        at,
      );
      if (bytesRead === 0) return;
      hash.update(block.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
