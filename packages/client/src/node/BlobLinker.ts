import { randomUUID } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  promises as fs,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { IntegrityError } from '../IntegrityError';
import type { BlobCache } from './BlobCache';
import { Breather } from './Breather';
import { hashFile } from './hashFile';
import { stampOf } from './scan';
import { StampCache } from './StampCache';

/** Codes of file systems that can't link here: another disk, no links at all, too many of them. */
const CANNOT_LINK = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'];

interface Blob {
  digest: Digest;
  size: number;
}

/**
 * Puts blobs of the cache into folders as hard links, which takes no space and
 * no time. Whoever writes to such a file writes to the cache: its stamp shows
 * it the next time, and the blob is read, thrown away and fetched again.
 */
export class BlobLinker {
  static async open(options: {
    directory: string;
    cache: BlobCache;
  }): Promise<BlobLinker> {
    return new BlobLinker(
      options.cache,
      await StampCache.open({
        cache: options.directory,
        folder: options.directory,
        purpose: 'cached',
      }),
    );
  }

  readonly #cache: BlobCache;
  readonly #stamps: StampCache;
  readonly #linked = new Set<Digest>();
  readonly #breather = new Breather();

  private constructor(cache: BlobCache, stamps: StampCache) {
    this.#cache = cache;
    this.#stamps = stamps;
  }

  /**
   * Links a blob to a place, or copies it where links can't be made.
   *
   * @throws IntegrityError when the blob is damaged, which then is gone from the cache
   */
  async linkTo(blob: Blob, target: string): Promise<void> {
    await this.#breather.breathe();
    const location = this.#cache.locationOf(blob.digest);
    if (!this.#linked.has(blob.digest)) await this.#check(blob, location);
    const temporary = path.join(
      path.dirname(target),
      `.${randomUUID().slice(0, 8)}.part`,
    );
    try {
      linkSync(location, temporary);
      renameSync(temporary, target);
      // Renaming a link onto another one of the same file leaves both.
      rmSync(temporary, { force: true });
      this.#linked.add(blob.digest);
    } catch (error) {
      rmSync(temporary, { force: true });
      if (!CANNOT_LINK.includes((error as { code?: string }).code ?? ''))
        throw error;
      await this.#cache.copyTo(blob, target);
    }
  }

  /** Remembers how the linked blobs look now; a link changes that. */
  async save(): Promise<void> {
    for (const digest of this.#linked) {
      await this.#breather.breathe();
      const stat = lstatSync(this.#cache.locationOf(digest), {
        bigint: true,
        throwIfNoEntry: false,
      });
      if (stat) this.#stamps.set(digest, { stamp: stampOf(stat), digest });
    }
    await this.#stamps.save();
  }

  async #check({ digest, size }: Blob, location: string): Promise<void> {
    if (this.#cache.hasVerified(digest)) return;
    const stat = lstatSync(location, { bigint: true, throwIfNoEntry: false });
    const known = stat && this.#stamps.get(digest, stampOf(stat));
    if (known === digest) return;
    const isWhole =
      stat &&
      Number(stat.size) === size &&
      (await hashFile(location)) === digest;
    if (!isWhole) {
      await this.#cache.remove(digest);
      throw new IntegrityError(`the cached blob ${digest} is damaged`);
    }
    // A person took the protection away, and changed nothing.
    if ((stat.mode & 0o222n) !== 0n) await fs.chmod(location, 0o444);
  }
}
