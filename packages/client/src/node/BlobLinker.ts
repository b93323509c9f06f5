import {
  BigIntStats,
  linkSync,
  lstatSync,
  promises as fs,
  renameSync,
  rmSync,
} from 'node:fs';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { IntegrityError } from '../IntegrityError';
import type { BlobCache } from './BlobCache';
import { besides } from './besides';
import { Breather } from './Breather';
import { hashFile } from './hashFile';
import { contentOf, stampOf } from './scan';
import { isWritten } from './SmallFileWorkers';
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
  /** What was linked, as it looked when it was known to be right. */
  readonly #linked = new Map<Digest, string>();
  /** How those look that were linked once, right after it. */
  readonly #linkedOnce = new Map<Digest, string>();
  readonly #breather = new Breather();
  #copied = 0;

  private constructor(cache: BlobCache, stamps: StampCache) {
    this.#cache = cache;
    this.#stamps = stamps;
  }

  /** How many were copied, since links can't be made. */
  get copied(): number {
    return this.#copied;
  }

  /**
   * Links many blobs to places where nothing stands.
   *
   * @returns for each how the link looks; undefined where it was not made, or its
   *   bytes are written to at this moment, which `linkTo` deals with
   */
  async linkMany(
    links: readonly { blob: Blob; target: string }[],
  ): Promise<(string | undefined)[]> {
    const outcomes = await this.#cache.link(
      links.map(({ blob: { digest }, target }) => ({
        source: this.#cache.locationOf(digest),
        target,
        stamp: this.#cache.hasVerified(digest)
          ? undefined
          : // What is not remembered has to be read first.
            this.#stamps.stampOf(digest) ?? '',
      })),
    );
    return outcomes.map((outcome, index) => {
      if (!isWritten(outcome) || outcome.stamp === '') return undefined;
      const { digest } = links[index].blob;
      if (this.#linked.has(digest)) this.#linkedOnce.delete(digest);
      else this.#linkedOnce.set(digest, outcome.stamp);
      this.#linked.set(digest, contentOf(outcome.stamp));
      return outcome.stamp;
    });
  }

  /**
   * Links a blob to a place, or copies it where links can't be made.
   *
   * @throws IntegrityError when the blob is damaged, which then is gone from the cache
   */
  async linkTo(
    blob: Blob,
    target: string,
    options: { beforeReveal?: () => void; signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#breather.breathe();
    const location = this.#cache.locationOf(blob.digest);
    const before = lookAt(location);
    if (!before) throw this.#gone(blob.digest);
    if (!this.#linked.has(blob.digest))
      await this.#check(blob, location, before);
    options.beforeReveal?.();
    try {
      link(location, target);
      this.#linkedOnce.delete(blob.digest);
      if (!this.#linked.has(blob.digest))
        this.#linked.set(blob.digest, contentOf(stampOf(before)));
    } catch (error) {
      if (!lookAt(location)) throw this.#gone(blob.digest);
      if (!CANNOT_LINK.includes((error as { code?: string }).code ?? ''))
        throw error;
      await this.#cache.copyTo(blob, target, options);
      this.#copied++;
    }
  }

  /** Remembers how the linked blobs look now; a link changes that. */
  async save(): Promise<void> {
    for (const [digest, content] of this.#linked) {
      await this.#breather.breathe();
      const stamp = this.#linkedOnce.get(digest) ?? this.#stampNow(digest);
      // Whoever has written through a link meanwhile wrote something else.
      if (stamp !== undefined && contentOf(stamp) === content)
        this.#stamps.set(digest, { stamp, digest });
    }
    await this.#stamps.save();
  }

  #stampNow(digest: Digest): string | undefined {
    const stat = lookAt(this.#cache.locationOf(digest));
    return stat && stampOf(stat);
  }

  async #check(
    { digest, size }: Blob,
    location: string,
    stat: BigIntStats,
  ): Promise<void> {
    if (this.#cache.hasVerified(digest)) return;
    if (this.#stamps.get(digest, stampOf(stat)) === digest) return;
    const isWhole =
      Number(stat.size) === size &&
      (await hashFile(location).catch(error => {
        if (error.code !== 'EIO') throw error;
        return undefined;
      })) === digest;
    if (!isWhole) {
      await this.#cache.remove(digest);
      throw new IntegrityError(`the cached blob ${digest} is damaged`);
    }
    // A person took the protection away, and changed nothing.
    if ((stat.mode & 0o222n) !== 0n) await fs.chmod(location, 0o444);
  }

  /** Pruned by another process on this machine. */
  #gone(digest: Digest): IntegrityError {
    return new IntegrityError(`the cached blob ${digest} is gone`);
  }
}

/** Makes a link in one step, whatever stands there. */
function link(location: string, target: string): void {
  try {
    linkSync(location, target);
    return;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
  const temporary = besides(target);
  try {
    linkSync(location, temporary);
    renameSync(temporary, target);
  } finally {
    // Renaming a link onto another one of the same file leaves both.
    rmSync(temporary, { force: true });
  }
}

function lookAt(location: string): BigIntStats | undefined {
  return lstatSync(location, { bigint: true, throwIfNoEntry: false });
}
