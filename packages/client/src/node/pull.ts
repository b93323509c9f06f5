import { BigIntStats, lstatSync, promises as fs } from 'node:fs';
import path from 'node:path';
import { ConflictError, InputError } from '@backstage/errors';
import picomatch from 'picomatch';
import {
  AssetName,
  AssetVersion,
  concurrently,
  Digest,
  formatReference,
  ManifestChecker,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from '../AssetManagerClient';
import { IntegrityError } from '../IntegrityError';
import { retry } from '../retry';
import { AssetManagerError } from '../AssetManagerError';
import { Breather } from './Breather';
import { BlobCache } from './BlobCache';
import { BlobLinker } from './BlobLinker';
import { CacheUpkeep } from './CacheUpkeep';
import { fetchPacked } from './fetchPacked';
import { hashFile } from './hashFile';
import { writeReceipt } from './receipt';
import { stampOf, twins } from './scan';
import { StampCache, StampedFile } from './StampCache';
import type { Transport } from './Transport';
import type { WantedFile } from './WantedFile';

const HANDS = 8;
/** Small files that are copied in one go. */
const BATCH = 128;

/** @public */
export interface PullProgress {
  /** Bytes that are not in the cache. */
  totalBytes: number;
  receivedBytes: number;
}

/** @public */
export interface PullOptions {
  client: AssetManagerClient;
  transport: Transport;
  /** The client's cache folder. */
  cache: string;
  name: AssetName;
  version: AssetVersion;
  /** The folder to pull into; made when it is not there. */
  target: string;
  /** Globs; only files that one of them matches are pulled. */
  include?: readonly string[];
  /**
   * Files become hard links to the cache instead of copies, and can't be written
   * to; where links can't be made they are copied.
   */
  link?: boolean;
  /** Stores to read from where there are several copies, the nearest first. */
  prefer?: readonly string[];
  /** Bytes that the cache may hold: what was not used for longest goes after the pull. */
  cacheLimit?: number;
  /** Overwrites files that were changed on this machine. */
  force?: boolean;
  onProgress?: (progress: PullProgress) => void;
  signal?: AbortSignal;
}

/** @public */
export interface PullResult {
  fileCount: number;
  /** Bytes of the files together. */
  size: number;
  receivedBytes: number;
  /** Files that were written; the others stood already. */
  written: number;
  /** Files of a version pulled before that this one does not have. */
  removed: number;
}

/**
 * Brings the files of a version into a folder, each verified against the
 * manifest and the manifest against the version's digest. What stands already
 * is left alone, and what a person changed is not overwritten.
 *
 * @throws ConflictError that lists files which were changed on this machine
 * @throws IntegrityError when bytes are not what their digest says
 * @public
 */
export async function pull(options: PullOptions): Promise<PullResult> {
  const { client, name, version, target, signal } = options;
  const { wanted, sizes } = await chooseFiles(options);
  const root = path.resolve(target);
  await makeTarget(root);
  await refuseTwins(root, wanted);
  const stamps = await StampCache.open({
    cache: options.cache,
    folder: root,
    purpose: 'pulled',
  });

  const { missing, changed } = await compareFolder({ root, wanted, stamps });
  if (changed.length > 0 && !options.force) {
    throw new ConflictError(
      `${
        changed.length
      } files in ${target} were changed on this machine: ${changed
        .slice(0, 3)
        .map(each => JSON.stringify(each))
        .join(', ')}${changed.length > 3 ? ', …' : ''}`,
    );
  }

  const began = new Date();
  const cache = new BlobCache({ directory: options.cache });
  await cache.sweep();
  const linker = options.link
    ? await BlobLinker.open({ directory: options.cache, cache })
    : undefined;
  const whole = !options.include?.length;
  let receivedBytes: number;
  let removed = 0;
  try {
    receivedBytes = await fetchMissing({
      ...options,
      root,
      blobs: cache,
      missing,
      sizes,
    });
    // Before anything is written: a former file may stand where a folder has to be.
    if (whole) removed = await removeFormer({ root, wanted, stamps });
    await place({ ...options, root, blobs: cache, linker, missing });
  } finally {
    await cache.close();
  }
  await stamps.save();
  if (whole)
    await writeReceipt({
      cache: options.cache,
      folder: root,
      ...name,
      digest: version.digest,
    });
  // Stamps of files that were written this moment can't be trusted yet.
  if (missing.length > 0) await settle({ root, wanted: missing, stamps });
  await linker?.save();
  if (options.cacheLimit !== undefined && receivedBytes > 0)
    await new CacheUpkeep({ directory: options.cache }).prune({
      keepBytes: options.cacheLimit,
      unusedSince: began,
    });
  return {
    fileCount: wanted.length,
    size: wanted.reduce((sum, entry) => sum + entry.size, 0),
    receivedBytes,
    written: missing.length,
    removed,
  };

  async function chooseFiles({
    include,
  }: PullOptions): Promise<{ wanted: WantedFile[]; sizes: number[][] }> {
    const matches = include?.length
      ? picomatch([...include], { dot: true })
      : () => true;
    const checker = new ManifestChecker();
    const files: WantedFile[] = [];
    const sizesByPage: number[][] = [];
    for await (const entries of client.manifestPages(
      { ...name, digest: version.digest },
      { signal },
    )) {
      entries.forEach((entry, index) => {
        // The server is not trusted to keep a path inside of the folder.
        checker.check(entry);
        if (matches(entry.path))
          files.push({ ...entry, page: sizesByPage.length, index });
      });
      sizesByPage.push(entries.map(({ size }) => size));
    }
    if (files.length === 0) {
      throw new InputError(
        `no file of ${formatReference({
          ...name,
          selector: version.label,
        })} matches ${include?.join(', ')}`,
      );
    }
    return { wanted: files, sizes: sizesByPage };
  }
}

/** What stands there, links not followed; undefined for nothing. */
function lookAt(location: string): BigIntStats | undefined {
  try {
    return lstatSync(location, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // A file stands where a folder has to be; pushing it aside comes later.
    if ((error as { code?: string }).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Which files have to be written, and which of them a person changed. */
async function compareFolder(options: {
  root: string;
  wanted: readonly WantedFile[];
  stamps: StampCache;
}): Promise<{ missing: WantedFile[]; changed: string[] }> {
  const { root, wanted, stamps } = options;
  const former = new Map(stamps.entries());
  const missing: WantedFile[] = [];
  const changed: string[] = [];
  const breather = new Breather();
  await concurrently(wanted, 64, async entry => {
    await breather.breathe();
    const location = path.join(root, ...entry.path.split('/'));
    const stat = lookAt(location);
    if (!stat) {
      missing.push(entry);
      return;
    }
    if (!stat.isFile()) {
      // A folder that an earlier pull made goes with its last former file.
      const isFormerFolder = [...former.keys()].some(key =>
        key.startsWith(`${entry.path}/`),
      );
      if (!isFormerFolder) changed.push(entry.path);
      missing.push(entry);
      return;
    }
    const stamp = stampOf(stat);
    const digest =
      stamps.get(entry.path, stamp) ??
      (Number(stat.size) === entry.size || !former.has(entry.path)
        ? await hashFile(location)
        : undefined);
    if (digest === entry.digest) {
      stamps.set(entry.path, { stamp, digest });
      return;
    }
    missing.push(entry);
    // A file that still is what an earlier pull wrote is nobody's work.
    if (!(await isFormer({ former: former.get(entry.path), stat, location })))
      changed.push(entry.path);
  });
  return { missing, changed };
}

/**
 * Whether a file is what an earlier pull wrote. Its stamp says so without
 * reading; a new link to the same blob changes that, and not the bytes.
 */
async function isFormer(options: {
  former: StampedFile | undefined;
  stat: BigIntStats;
  location: string;
}): Promise<boolean> {
  const { former, stat, location } = options;
  if (!former) return false;
  if (former.stamp === stampOf(stat)) return true;
  return stat.nlink > 1n && (await hashFile(location)) === former.digest;
}

async function fetchMissing(
  options: PullOptions & {
    root: string;
    blobs: BlobCache;
    missing: readonly WantedFile[];
    sizes: readonly (readonly number[])[];
  },
): Promise<number> {
  const { blobs, missing, onProgress, signal } = options;
  const absent = new Map<Digest, WantedFile>();
  await concurrently(missing, 64, async entry => {
    if (!(await blobs.has(entry))) absent.set(entry.digest, entry);
  });
  if (absent.size === 0) await askForCached(options);
  const progress: PullProgress = {
    totalBytes: [...absent.values()].reduce(
      (sum, entry) => sum + entry.size,
      0,
    ),
    receivedBytes: 0,
  };
  onProgress?.({ ...progress });
  const packed = await fetchPacked({
    ...options,
    files: [...absent.values()],
    onBytes: bytes => {
      progress.receivedBytes += bytes;
      onProgress?.({ ...progress });
    },
  });
  for (const file of packed) absent.delete(file.digest);
  await concurrently(absent.values(), HANDS, async entry => {
    signal?.throwIfAborted();
    let before = 0;
    await fetchBlob({
      ...options,
      entry,
      copyFor: options.link ? undefined : options.root,
      onBytes: bytes => {
        progress.receivedBytes += bytes - before;
        before = bytes;
        onProgress?.({ ...progress });
      },
    });
  });
  return progress.receivedBytes;
}

/**
 * Asks for a byte where nothing has to be fetched: that somebody had the bytes before
 * does not mean that they may have them now.
 *
 * @throws AssetManagerError with status 403 when they may not
 */
async function askForCached(
  options: PullOptions & { missing: readonly WantedFile[] },
): Promise<void> {
  const { client, name, version, missing, signal } = options;
  const file = missing.find(({ size }) => size > 0);
  if (!file) return;
  const answer = await client.readFile(
    { ...name, selector: version.digest },
    file.path,
    { start: 0, end: 0, signal },
  );
  await answer.body?.cancel();
}

/** Writes the files from the cache to where they belong. */
async function place(
  options: PullOptions & {
    root: string;
    blobs: BlobCache;
    /** Makes links instead of copies. */
    linker?: BlobLinker;
    missing: readonly ManifestEntry[];
  },
): Promise<void> {
  const { root, blobs, linker, missing, signal } = options;
  const locationOf = (entry: ManifestEntry) =>
    path.join(root, ...entry.path.split('/'));
  const put = (entry: ManifestEntry) =>
    linker
      ? linker.linkTo(entry, locationOf(entry))
      : blobs.copyTo(entry, locationOf(entry));
  const again = async (entry: ManifestEntry, error: unknown) => {
    if (!(error instanceof IntegrityError)) throw error;
    await fetchBlob({ ...options, entry });
    await put(entry);
  };

  for (const folder of new Set(
    missing.map(entry => path.dirname(locationOf(entry))),
  )) {
    signal?.throwIfAborted();
    await ensureFolder(root, folder);
  }
  const small = linker ? [] : missing.filter(entry => blobs.isSmall(entry));
  await concurrently(inBatches(small), blobs.hands, async batch => {
    signal?.throwIfAborted();
    const outcomes = await blobs.copySmall(
      batch.map(entry => ({ blob: entry, target: locationOf(entry) })),
    );
    await concurrently(
      outcomes.map((outcome, index) => ({ outcome, entry: batch[index] })),
      HANDS,
      async ({ outcome, entry }) => {
        if (outcome !== true) await again(entry, outcome);
      },
    );
  });
  await concurrently(
    missing.filter(entry => linker || !blobs.isSmall(entry)),
    HANDS,
    async entry => {
      signal?.throwIfAborted();
      await put(entry).catch(error => again(entry, error));
    },
  );
}

function inBatches<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
    all.slice(index * BATCH, (index + 1) * BATCH),
  );
}

async function fetchBlob(
  options: Pick<
    PullOptions,
    'client' | 'transport' | 'name' | 'version' | 'prefer' | 'signal'
  > & {
    blobs: BlobCache;
    entry: ManifestEntry;
    copyFor?: string;
    onBytes?: (bytes: number) => void;
  },
): Promise<void> {
  const { client, transport, name, version, blobs, entry, signal } = options;
  const address = await client.fileUrl(
    { ...name, selector: version.digest },
    entry.path,
  );
  /** Stores whose copy was damaged, gone, or could not be read. */
  const bad = new Set<string>();
  await retry(
    async () => {
      const url = new URL(address);
      for (const store of options.prefer ?? [])
        url.searchParams.append('prefer', store);
      for (const store of bad) url.searchParams.append('without', store);
      let from: string | undefined;
      try {
        await blobs.fetch(
          entry,
          start =>
            transport.receive({
              url: url.href,
              start,
              size: entry.size,
              onStore: store => {
                from = store;
              },
              signal,
            }),
          options,
        );
      } catch (error) {
        const another = from !== undefined && !bad.has(from);
        if (another) bad.add(from!);
        if (
          error instanceof IntegrityError ||
          error instanceof AssetManagerError
        )
          throw another ? tryAnother(error) : error;
        signal?.throwIfAborted();
        if (isLocal(error)) throw error;
        throw new AssetManagerError({
          status: 0,
          message: `the connection broke off in the middle of ${JSON.stringify(
            entry.path,
          )}`,
          cause: error,
        });
      }
    },
    { signal },
  );
}

/** There may be a copy in another store: the next try asks for it. */
function tryAnother(cause: Error): AssetManagerError {
  return new AssetManagerError({ status: 503, message: cause.message, cause });
}

/** Whether the own disk is to blame, and not the line. */
function isLocal(error: unknown): boolean {
  const { code, syscall } = error as { code?: string; syscall?: string };
  return (
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    ['open', 'write', 'mkdir', 'rename'].includes(syscall ?? '')
  );
}

/**
 * Makes the target folder by folder: Node's own recursive way never ends where
 * a file system says that what was just asked for is not there, as /proc does.
 */
async function makeTarget(root: string): Promise<void> {
  const missing: string[] = [];
  let at = root;
  for (;;) {
    const stat = await fs.stat(at).catch(() => undefined);
    if (stat?.isDirectory()) break;
    if (stat) {
      throw new InputError(
        `${JSON.stringify(root)} can't be pulled into: ${JSON.stringify(
          at,
        )} is no folder`,
      );
    }
    missing.unshift(at);
    at = path.dirname(at);
  }
  for (const folder of missing) {
    await fs.mkdir(folder).catch(error => {
      if (error.code === 'EEXIST') return;
      throw new InputError(
        `${JSON.stringify(root)} can't be pulled into: ${JSON.stringify(
          folder,
        )} can't be made (${error.code})`,
      );
    });
  }
}

/** Makes a folder, and refuses to go through links that lead out of the target. */
async function ensureFolder(root: string, folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  const [realRoot, real] = await Promise.all([
    fs.realpath(root),
    fs.realpath(folder),
  ]);
  if (real !== realRoot && !real.startsWith(realRoot + path.sep)) {
    throw new InputError(
      `${JSON.stringify(
        folder,
      )} is a link out of the folder that is pulled into`,
    );
  }
}

async function removeFormer(options: {
  root: string;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<number> {
  const { root, wanted, stamps } = options;
  const kept = new Set(wanted.map(entry => entry.path));
  let removed = 0;
  for (const [key, former] of [...stamps.entries()]) {
    if (kept.has(key)) continue;
    const location = path.join(root, ...key.split('/'));
    const stat = await fs
      .lstat(location, { bigint: true })
      .catch(() => undefined);
    if (stat?.isFile() && (await isFormer({ former, stat, location }))) {
      await fs.rm(location);
      removed++;
      for (
        let at = path.dirname(location);
        at !== root && at.startsWith(root);
        at = path.dirname(at)
      ) {
        if (
          !(await fs.rmdir(at).then(
            () => true,
            () => false,
          ))
        )
          break;
      }
    }
    stamps.delete(key);
  }
  return removed;
}

async function settle(options: {
  root: string;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<void> {
  const { root, wanted, stamps } = options;
  await new Promise(resolve => {
    setTimeout(resolve, 60);
  });
  const breather = new Breather();
  await concurrently(wanted, 64, async entry => {
    await breather.breathe();
    const stat = lookAt(path.join(root, ...entry.path.split('/')));
    if (stat && Number(stat.size) === entry.size) {
      stamps.set(entry.path, { stamp: stampOf(stat), digest: entry.digest });
    }
  });
  await stamps.save();
}

/** Refuses where two names of the version would be one file on this machine. */
async function refuseTwins(
  root: string,
  entries: readonly ManifestEntry[],
): Promise<void> {
  const pairs = twins(entries.map(entry => entry.path));
  if (pairs.length === 0) return;
  const probe = await fs.mkdtemp(path.join(root, '.asset-probe-'));
  try {
    await fs.writeFile(path.join(probe, 'a\u0301'), '');
    const folds = await Promise.all(
      ['A\u0301', '\u00e1'].map(twin =>
        fs.stat(path.join(probe, twin)).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (folds.some(Boolean))
      throw new InputError(`${pairs[0]}, and this one can't either`);
  } finally {
    await fs.rm(probe, { recursive: true });
  }
}
