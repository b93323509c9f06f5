import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { BlobCache } from './BlobCache';
import { hashFile } from './hashFile';

/**
 * A blob in the cache.
 *
 * @public
 */
export interface CachedBlob {
  digest: Digest;
  /** Bytes. */
  size: number;
  /** ISO 8601, UTC, as exactly as the file system keeps it. */
  usedAt: string;
}

async function namesIn(folder: string): Promise<string[]> {
  return fs.readdir(folder).catch(error => {
    // Nothing, or something that is none of the cache's.
    if (!['ENOENT', 'ENOTDIR'].includes(error.code)) throw error;
    return [];
  });
}

/** What is not a blob yet. */
interface BegunBlob {
  location: string;
  size: number;
  usedAt: string;
}

/**
 * Looks after the cache as a whole: what it holds, what of it is damaged, and
 * what may go.
 *
 * @public
 */
export class CacheUpkeep {
  readonly #directory: string;
  readonly #cache: BlobCache;

  constructor(options: { directory: string }) {
    this.#directory = options.directory;
    this.#cache = new BlobCache(options);
  }

  /** All blobs, those first that were not used for longest. */
  async list(): Promise<CachedBlob[]> {
    const folder = path.join(this.#directory, 'sha256');
    const blobs: CachedBlob[] = [];
    for (const prefix of await namesIn(folder)) {
      if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
      for (const hex of await namesIn(path.join(folder, prefix))) {
        if (!/^[0-9a-f]{64}$/.test(hex)) continue;
        const stat = await fs
          .stat(path.join(folder, prefix, hex))
          .catch(() => undefined);
        if (stat?.isFile())
          blobs.push({
            digest: `sha256:${hex}`,
            size: stat.size,
            usedAt: new Date(
              Math.max(stat.atimeMs, stat.mtimeMs),
            ).toISOString(),
          });
      }
    }
    return blobs.sort((a, b) => a.usedAt.localeCompare(b.usedAt));
  }

  /** Blobs that pulls have begun, and that the next ones go on with. */
  async listBegun(): Promise<{ count: number; bytes: number }> {
    const begun = await this.#begun();
    return {
      count: begun.length,
      bytes: begun.reduce((sum, { size }) => sum + size, 0),
    };
  }

  async #begun(): Promise<BegunBlob[]> {
    const folder = path.join(this.#directory, 'tmp');
    const begun: BegunBlob[] = [];
    for (const name of await namesIn(folder)) {
      if (!/^[0-9a-f]{64}\.part$/.test(name)) continue;
      const location = path.join(folder, name);
      const stat = await fs.stat(location).catch(() => undefined);
      if (stat)
        begun.push({
          location,
          size: stat.size,
          usedAt: stat.mtime.toISOString(),
        });
    }
    return begun;
  }

  /**
   * Deletes blobs, and begins of blobs that nobody is at work on, that were not used
   * since a time, the oldest first, until the others take no more than so many bytes.
   */
  async prune(options: {
    keepBytes: number;
    unusedSince: Date;
  }): Promise<{ blobs: number; begun: number; bytes: number }> {
    const { keepBytes, unusedSince } = options;
    await this.#cache.sweep();
    const all = [...(await this.list()), ...(await this.#begun())].sort(
      (a, b) => a.usedAt.localeCompare(b.usedAt),
    );
    let left = all.reduce((sum, { size }) => sum + size, 0);
    const pruned = { blobs: 0, begun: 0, bytes: 0 };
    for (const each of all) {
      if (left <= keepBytes || Date.parse(each.usedAt) > unusedSince.getTime())
        break;
      if ('digest' in each) {
        await this.#cache.remove(each.digest);
        pruned.blobs++;
      } else {
        if (await this.#cache.isBeingFetched(each.location)) continue;
        await fs.rm(each.location, { force: true });
        pruned.begun++;
      }
      left -= each.size;
      pruned.bytes += each.size;
    }
    return pruned;
  }

  /** Hashes all blobs, and removes those that are not what their names say. */
  async verify(
    options: {
      onBytes?: (done: number, total: number) => void;
      signal?: AbortSignal;
    } = {},
  ): Promise<{ blobs: number; damaged: Digest[] }> {
    const blobs = await this.list();
    const total = blobs.reduce((sum, { size }) => sum + size, 0);
    const damaged: Digest[] = [];
    let done = 0;
    const onBytes = (bytes: number) => {
      done += bytes;
      options.onBytes?.(done, total);
    };
    for (const { digest } of blobs) {
      options.signal?.throwIfAborted();
      const found = await hashFile(this.#cache.locationOf(digest), {
        onBytes,
        signal: options.signal,
      }).catch(error => {
        // Pruned meanwhile by another process.
        if (error.code === 'ENOENT') return digest;
        if (error.code === 'EIO') return undefined;
        throw error;
      });
      if (found === digest) continue;
      damaged.push(digest);
      await this.#cache.remove(digest);
    }
    return { blobs: blobs.length, damaged };
  }
}
