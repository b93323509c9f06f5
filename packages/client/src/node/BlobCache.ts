import { createHash, Hash } from 'node:crypto';
import { constants, promises as fs, statSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import {
  Digest,
  parseDigest,
  releaseMemory,
  writeFully,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { IntegrityError } from '../IntegrityError';
import { besides, over } from './besides';
import { makeFolder } from './folders';
import { hashFile } from './hashFile';
import { isDead, ownedName, ownerIn, thisOwner } from './owners';
import { SMALL } from './readSmall';
import {
  errorOf,
  isWritten,
  Link,
  LinkOutcome,
  Place,
  SmallFileWorkers,
} from './SmallFileWorkers';

const BLOCK = 1024 * 1024;
/** Blobs up to this size are fetched in one piece. Bytes. */
const IN_ONE_PIECE = 1024 * 1024;
/**
 * A process of another machine, or of this one before it was started anew, that
 * wrote nothing for this long to the begin of a blob is dead: no line may be silent
 * for as long. Milliseconds.
 */
const LOCK_SILENCE_MS = 3 * 60_000;
/** How often it says so where it writes nothing. Milliseconds. */
const BEAT_MS = 30_000;
/** For how long the begin of a blob is kept that nobody goes on with. */
const FORGOTTEN_MS = 14 * 24 * 60 * 60_000;

/** Opens the bytes of a blob from an offset on; what was read of it is nobody's any more. */
export type OpenBlob = (start: number) => Promise<Readable>;

/**
 * The bytes that this machine has fetched, shared by all that is pulled on it:
 * `sha256/ab/<64 hex>`, files that nobody may write to. A blob that was damaged
 * is noticed when it is used, thrown away and fetched again.
 */
export class BlobCache {
  readonly #directory: string;
  /** What this process has fetched, and so hashed, itself. */
  readonly #verified = new Set<Digest>();
  readonly #folders = new Set<string>();
  readonly #workers = new SmallFileWorkers();
  /** Second copies that wait to be moved to where they are wanted. */
  readonly #copies = new Map<Digest, string>();
  #clones?: Promise<boolean>;

  constructor(options: { directory: string }) {
    this.#directory = options.directory;
  }

  /** Ends what a pull has begun: second copies that nobody came for go. */
  async close(): Promise<void> {
    await this.#workers.close();
    for (const copy of this.#copies.values())
      await fs.rm(copy, { force: true });
    this.#copies.clear();
  }

  /**
   * Removes what killed processes left, but for the begins of blobs, which the next
   * pull of them goes on with: those go when nobody has for long.
   */
  async sweep(): Promise<void> {
    const folder = this.#temporary;
    for (const name of await fs.readdir(folder).catch(() => [])) {
      const location = path.join(folder, name);
      const owner = ownerIn(name, 'copy', 'part');
      const isOld =
        owner === undefined
          ? await this.#isForgotten(name)
          : await isDead(owner, location);
      if (isOld) await fs.rm(location, { force: true });
    }
  }

  async #isForgotten(name: string): Promise<boolean> {
    if (!/\.part(\.lock)?$/.test(name)) return false;
    const part = path.join(this.#temporary, name.replace(/\.lock$/, ''));
    const stat = await fs
      .stat(part)
      .catch(() => fs.stat(path.join(this.#temporary, name)))
      .catch(() => undefined);
    return stat !== undefined && Date.now() - stat.mtimeMs > FORGOTTEN_MS;
  }

  /** Whether some process is at work on the begin of a blob. */
  async isBeingFetched(part: string): Promise<boolean> {
    const owner = await fs.readFile(`${part}.lock`, 'utf8').catch(() => '');
    return (
      owner !== '' &&
      !(await isDead(owner, [part, `${part}.lock`], LOCK_SILENCE_MS))
    );
  }

  get #temporary(): string {
    return path.join(this.#directory, 'tmp');
  }

  /** Where a blob stands, or would. */
  locationOf(digest: Digest): string {
    const hex = parseDigest(digest).slice('sha256:'.length);
    return path.join(this.#directory, 'sha256', hex.slice(0, 2), hex);
  }

  has(blob: { digest: Digest; size: number }): boolean {
    const stat = statSync(this.locationOf(blob.digest), {
      throwIfNoEntry: false,
    });
    return stat?.size === blob.size;
  }

  /** Whether this process has fetched, and so hashed, the blob itself. */
  hasVerified(digest: Digest): boolean {
    return this.#verified.has(digest);
  }

  async remove(digest: Digest): Promise<void> {
    this.#verified.delete(digest);
    await fs.rm(this.locationOf(digest), { force: true });
  }

  /**
   * Fetches a blob, or the rest of it when a killed pull left a part.
   *
   * @param options.onBytes - hears how many have come, with those `kept` of a former pull first
   * @param options.copyFor - a folder that the blob will be copied to: where the
   *   file system can't clone, the copy is written while the bytes arrive, which
   *   saves reading them again
   * @throws IntegrityError when the bytes are not what the digest says
   */
  async fetch(
    blob: { digest: Digest; size: number },
    open: OpenBlob,
    options: {
      onBytes?: (bytes: number, kept?: boolean) => void;
      copyFor?: string;
    } = {},
  ): Promise<void> {
    const { onBytes, copyFor } = options;
    const location = this.locationOf(blob.digest);
    if (blob.size <= IN_ONE_PIECE) {
      await this.#fetchSmall(blob, await open(0));
      onBytes?.(blob.size);
      return;
    }
    const lock = await this.#lockPart(blob.digest);
    const copy =
      copyFor !== undefined && (await this.#wantsCopy(copyFor))
        ? path.join(this.#temporary, ownedName('copy'))
        : undefined;
    try {
      const copied = await this.#receive(blob, {
        part: lock.part,
        beat: lock.beat,
        copy,
        open,
        onBytes,
      });
      await this.#ensureFolder(path.dirname(location));
      try {
        await fs.chmod(lock.part, 0o444);
        await fs.rename(lock.part, location);
        this.#verified.add(blob.digest);
      } catch (error) {
        // Somebody else has finished it; who uses it reads it first.
        if (!this.has(blob)) throw error;
      }
      if (copy && copied) this.#copies.set(blob.digest, copy);
    } catch (error) {
      if (copy) await fs.rm(copy, { force: true });
      throw error;
    } finally {
      await lock.release();
    }
  }

  /** A second copy pays where blocks can't be cloned, and can be moved where the disk is the same. */
  async #wantsCopy(folder: string): Promise<boolean> {
    const temporary = this.#temporary;
    const [here, there] = await Promise.all([
      fs.stat(temporary),
      fs.stat(folder),
    ]);
    if (here.dev !== there.dev) return false;
    this.#clones ??= (async () => {
      const [probe, copy] = [1, 2].map(() =>
        path.join(temporary, ownedName('copy')),
      );
      await fs.writeFile(probe, 'probe');
      try {
        return await clone(probe, copy);
      } finally {
        await fs.rm(probe, { force: true });
        await fs.rm(copy, { force: true });
      }
    })();
    return !(await this.#clones);
  }

  /**
   * Copies a blob to a place, and checks it on the way unless this process has
   * fetched it: by a clone of its blocks where the file system has that.
   *
   * @param options.beforeReveal - is asked when all is written, and throws where it
   *   may not take its place any more
   * @throws IntegrityError when the blob is damaged, which then is gone from the cache
   */
  async copyTo(
    blob: { digest: Digest; size: number },
    target: string,
    options: { beforeReveal?: () => void; signal?: AbortSignal } = {},
  ): Promise<void> {
    const { beforeReveal, signal } = options;
    if (blob.size <= SMALL) {
      beforeReveal?.();
      const [outcome] = await this.copySmall([{ blob, place: over(target) }]);
      if (outcome instanceof Error) throw outcome;
      return;
    }
    const location = this.locationOf(blob.digest);
    const copy = this.#copies.get(blob.digest);
    if (copy) {
      beforeReveal?.();
      this.#copies.delete(blob.digest);
      try {
        await fs.chmod(copy, 0o644);
        await fs.rename(copy, target);
        return;
      } catch {
        // Swept away, or not to be moved there, as between two mounts of one disk:
        // the blob itself still stands.
        await fs.rm(copy, { force: true });
      }
    }
    const temporary = besides(target);
    try {
      if (this.#verified.has(blob.digest)) {
        await fs.copyFile(location, temporary, constants.COPYFILE_FICLONE);
      } else {
        const digest = (await clone(location, temporary))
          ? await hashFile(temporary, { signal })
          : await copyHashing(location, temporary, signal);
        if (digest !== blob.digest) throw this.#damaged(blob.digest);
      }
      await fs.chmod(temporary, 0o644);
      beforeReveal?.();
      await fs.rename(temporary, target);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw await this.#explain(blob, error as Error);
    }
  }

  /** Whether blobs of this size are to be copied many at once. */
  isSmall({ size }: { size: number }): boolean {
    return size <= SMALL;
  }

  /** Batches of small blobs that can be worked on at the same time. */
  get hands(): number {
    return this.#workers.hands;
  }

  /**
   * Copies small blobs to places, each checked on the way.
   *
   * @returns for each how it looked when it was written, or what went wrong: an
   *   IntegrityError when the blob is damaged, which then is gone from the cache
   */
  async copySmall(
    copies: readonly {
      blob: { digest: Digest; size: number };
      place: Place;
    }[],
  ): Promise<({ stamp: string } | Error)[]> {
    const outcomes = await this.#workers.write({
      files: copies.map(({ blob: { digest, size }, place }) => ({
        digest,
        size,
        source: this.locationOf(digest),
        places: [place],
      })),
    });
    return Promise.all(
      outcomes.map(async (outcome, index) => {
        const { blob } = copies[index];
        if (isWritten(outcome)) return outcome;
        return this.#explain(
          blob,
          outcome === 'damaged' ? this.#damaged(blob.digest) : errorOf(outcome),
        );
      }),
    );
  }

  /** Makes many links, to blobs of the cache. */
  link(links: readonly Link[]): Promise<LinkOutcome[]> {
    return this.#workers.link(links);
  }

  /** What an error in copying a blob says of the blob, which goes when it is damaged. */
  async #explain(
    blob: { digest: Digest; size: number },
    error: Error,
  ): Promise<Error> {
    if (
      error instanceof IntegrityError ||
      // That can be the disk of the cache, or the one that is copied to.
      ((error as { code?: string }).code === 'EIO' &&
        !(await this.#canBeRead(blob.digest)))
    ) {
      await this.remove(blob.digest);
      return error instanceof IntegrityError
        ? error
        : this.#damaged(blob.digest);
    }
    // Pruned, or verified away, by somebody else on this machine.
    if (!this.has(blob))
      return new IntegrityError(`the cached blob ${blob.digest} is gone`);
    return error;
  }

  #canBeRead(digest: Digest): Promise<boolean> {
    return hashFile(this.locationOf(digest)).then(
      () => true,
      () => false,
    );
  }

  #damaged(digest: Digest): IntegrityError {
    return new IntegrityError(`the cached blob ${digest} is damaged`);
  }

  /** What is small comes in one piece, and begins anew when it was cut off. */
  async #fetchSmall(
    blob: { digest: Digest; size: number },
    body: Readable,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (bytes.length < blob.size) {
      throw new Error(
        `${bytes.length} of ${blob.size} bytes of ${blob.digest} came`,
      );
    }
    await this.add(blob, bytes);
  }

  /**
   * Keeps a small blob whose bytes are at hand.
   *
   * @param bytes - not to be used any more afterwards
   * @throws IntegrityError when they are not what the digest says
   */
  async add(
    blob: { digest: Digest; size: number },
    bytes: Uint8Array,
  ): Promise<void> {
    const [kept] = await this.addMany([{ ...blob, offset: 0 }], bytes);
    if (!kept)
      throw new IntegrityError(
        `what came for ${blob.digest} has another digest`,
      );
  }

  /**
   * Keeps small blobs whose bytes stand together.
   *
   * @param blobs - with the byte that each begins at, and where a copy is wanted at once
   * @param bytes - not to be used any more afterwards
   * @returns for each that is kept how it, or its copy, looked when it was written;
   *   undefined where the bytes were not what the digest says
   */
  async addMany(
    blobs: readonly {
      digest: Digest;
      size: number;
      offset: number;
      copy?: Place;
    }[],
    bytes: Uint8Array,
  ): Promise<({ stamp: string } | undefined)[]> {
    const temporary = this.#temporary;
    await this.#ensureFolder(temporary);
    for (const { digest } of blobs)
      await this.#ensureFolder(path.dirname(this.locationOf(digest)));
    const outcomes = await this.#workers.write({
      bytes,
      files: blobs.map(({ digest, size, offset, copy }) => ({
        digest,
        size,
        source: offset,
        places: [
          {
            temporary: path.join(temporary, ownedName('part')),
            target: this.locationOf(digest),
            mode: 0o444,
          },
          ...(copy ? [copy] : []),
        ],
      })),
    });
    return outcomes.map((outcome, index) => {
      if (outcome === 'damaged') return undefined;
      if (!isWritten(outcome)) throw errorOf(outcome);
      this.#verified.add(blobs[index].digest);
      return outcome;
    });
  }

  async #ensureFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await makeFolder(folder);
    this.#folders.add(folder);
  }

  /**
   * Writes what arrives to the part, and all of it to the copy unless a former
   * part had its begin already.
   *
   * @returns whether the copy is whole
   */
  async #receive(
    blob: { digest: Digest; size: number },
    options: {
      part: string;
      beat: () => Promise<void>;
      copy?: string;
      open: OpenBlob;
      onBytes?: (bytes: number, kept?: boolean) => void;
    },
  ): Promise<boolean> {
    const { part, open, onBytes } = options;
    const hash = createHash('sha256');
    let have = 0;
    let beaten = Date.now();
    let copied = false;
    const handle = await fs.open(
      part,
      constants.O_RDWR | constants.O_CREAT,
      0o600,
    );
    try {
      const block = Buffer.allocUnsafe(Math.max(1, Math.min(BLOCK, blob.size)));
      for (;;) {
        const { bytesRead } = await handle.read(block, 0, block.length, have);
        if (bytesRead === 0) break;
        hash.update(block.subarray(0, bytesRead));
        have += bytesRead;
        // Reading what a former pull left writes nothing, and others look for that.
        if (Date.now() - beaten > BEAT_MS) {
          await options.beat();
          beaten = Date.now();
        }
      }
      onBytes?.(have, true);
      if (have < blob.size) {
        const copy =
          options.copy && have === 0
            ? await fs.open(options.copy, 'wx', 0o600)
            : undefined;
        try {
          have = await writeArriving({
            body: (await open(have)) as AsyncIterable<Buffer>,
            start: have,
            handles: copy ? [handle, copy] : [handle],
            hash,
            onBytes,
          });
          copied = copy !== undefined;
        } finally {
          await copy?.close();
        }
      }
    } finally {
      await handle.close();
    }
    const digest = `sha256:${hash.digest('hex')}`;
    if (have === blob.size && digest === blob.digest) return copied;
    if (have < blob.size) {
      throw new Error(`${have} of ${blob.size} bytes of ${blob.digest} came`);
    }
    await fs.rm(part, { force: true });
    throw new IntegrityError(
      `what came for ${blob.digest} has the digest ${digest}`,
    );
  }

  /**
   * The unfinished blob to go on with, which one process at a time may have;
   * a second one that pulls the same blob takes a part of its own.
   */
  async #lockPart(digest: Digest): Promise<{
    part: string;
    /** Says that this process is at work on it. */
    beat: () => Promise<void>;
    release: () => Promise<void>;
  }> {
    const folder = this.#temporary;
    await makeFolder(folder);
    const part = path.join(folder, `${digest.slice('sha256:'.length)}.part`);
    const lock = `${part}.lock`;
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await fs.writeFile(lock, thisOwner(), { flag: 'wx' });
        return {
          part,
          beat: async () => {
            const now = new Date();
            await fs.utimes(lock, now, now).catch(() => {});
          },
          release: () => fs.rm(lock, { force: true }),
        };
      } catch (error) {
        if ((error as { code?: string }).code !== 'EEXIST') throw error;
        const owner = await fs.readFile(lock, 'utf8').catch(() => '');
        if (!(await isDead(owner, [part, lock], LOCK_SILENCE_MS))) break;
        // Of two that find it dead, one takes it away.
        const taken = path.join(folder, ownedName('part'));
        await fs.rename(lock, taken).catch(() => {});
        await fs.rm(taken, { force: true });
      }
    }
    const own = path.join(folder, ownedName('part'));
    return {
      part: own,
      beat: async () => {},
      release: () => fs.rm(own, { force: true }),
    };
  }
}

/**
 * Writes bytes to files from an offset on, and feeds them to a hash: one block
 * is written while the next one arrives and is hashed.
 *
 * @returns where the bytes end
 */
async function writeArriving(options: {
  body: AsyncIterable<Buffer>;
  start: number;
  handles: readonly fs.FileHandle[];
  hash: Hash;
  onBytes?: (bytes: number) => void;
}): Promise<number> {
  const { body, handles, hash, onBytes } = options;
  let end = options.start;
  let written = options.start;
  let waiting: Buffer[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async () => {
    await writing;
    const block = waiting;
    const at = written;
    written = end;
    waiting = [];
    writing = Promise.all(
      handles.map(handle => writeFully(handle, block, at)),
    ).then(() => block.forEach(releaseMemory));
    writing.catch(() => {});
  };
  for await (const chunk of body) {
    hash.update(chunk);
    waiting.push(chunk);
    end += chunk.length;
    if (end - written >= BLOCK) await flush();
    onBytes?.(end);
  }
  if (end > written) await flush();
  await writing;
  return end;
}

async function clone(from: string, to: string): Promise<boolean> {
  try {
    await fs.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') throw error;
    return false;
  }
}

async function copyHashing(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<Digest> {
  const hash = createHash('sha256');
  const source = await fs.open(from, 'r');
  try {
    const { size } = await source.stat();
    const target = await fs.open(to, 'w');
    try {
      const block = Buffer.allocUnsafe(Math.max(1, Math.min(BLOCK, size)));
      let at = 0;
      for (;;) {
        signal?.throwIfAborted();
        const { bytesRead } = await source.read(block, 0, block.length, null);
        if (bytesRead === 0) break;
        hash.update(block.subarray(0, bytesRead));
        await writeFully(target, [block.subarray(0, bytesRead)], at);
        at += bytesRead;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return `sha256:${hash.digest('hex')}`;
}
