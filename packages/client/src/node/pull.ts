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
import { placeFiles } from './placeFiles';
import { PullTarget } from './PullTarget';
import { stampOf } from './scan';
import { StampCache, StampedFile } from './StampCache';
import type { Transport } from './Transport';
import type { WantedFile } from './WantedFile';

const HANDS = 8;

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
  const { wanted, sizes } = await chooseFiles(options);
  const began = new Date();
  let receivedBytes = 0;
  for (;;) {
    const target = await PullTarget.open(options.target);
    try {
      const result = await pullInto(target, { ...options, wanted, sizes });
      receivedBytes += result.receivedBytes;
      // Somebody has made the folder meanwhile: what is missing there is written.
      if (!result.revealed) continue;
      if (options.cacheLimit !== undefined && receivedBytes > 0)
        await new CacheUpkeep({ directory: options.cache }).prune({
          keepBytes: options.cacheLimit,
          unusedSince: began,
        });
      return {
        fileCount: wanted.length,
        size: wanted.reduce((sum, entry) => sum + entry.size, 0),
        receivedBytes,
        written: result.written,
        removed: result.removed,
      };
    } finally {
      await target.discard();
    }
  }
}

interface Pulled
  extends Pick<PullResult, 'receivedBytes' | 'written' | 'removed'> {
  /** Whether the folder stands now. */
  revealed: boolean;
}

async function pullInto(
  target: PullTarget,
  options: PullOptions & {
    wanted: readonly WantedFile[];
    sizes: readonly (readonly number[])[];
  },
): Promise<Pulled> {
  const { name, version, wanted } = options;
  await target.refuseTwins(wanted);
  const stamps = await StampCache.open({
    cache: options.cache,
    folder: target.folder,
    purpose: 'pulled',
  });
  if (target.isNew) stamps.clear();
  const { missing, changed } = target.isNew
    ? { missing: wanted, changed: [] }
    : await compareFolder({ target, wanted, stamps });
  if (changed.length > 0 && !options.force) {
    throw new ConflictError(
      `${changed.length} files in ${
        options.target
      } were changed on this machine: ${changed
        .slice(0, 3)
        .map(each => JSON.stringify(each))
        .join(', ')}${changed.length > 3 ? ', …' : ''}`,
    );
  }

  const blobs = new BlobCache({ directory: options.cache });
  await blobs.sweep();
  const linker = options.link
    ? await BlobLinker.open({ directory: options.cache, cache: blobs })
    : undefined;
  const whole = !options.include?.length;
  let receivedBytes: number;
  let removed = 0;
  let placed: Map<WantedFile, string>;
  try {
    const fetched = await fetchMissing({
      ...options,
      blobs,
      missing,
      // Nobody's way is in a new folder: what comes can be written there, too.
      folder: target.isNew && !linker ? target : undefined,
      copyFor: linker ? undefined : target.root,
    });
    ({ receivedBytes, placed } = fetched);
    // Before anything is written: a former file may stand where a folder has to be.
    if (whole && !target.isNew)
      removed = await removeFormer({ target, wanted, stamps });
    await placeFiles({
      ...options,
      target,
      blobs,
      linker,
      missing: missing.filter(entry => !placed.has(entry)),
      placed,
      fetchAgain: entry => fetchBlob({ ...options, blobs, entry }),
    });
  } finally {
    await blobs.close();
  }

  const writtenAt = Date.now();
  if (target.isNew) {
    remember({ target, wanted, stamps, placed });
    const remembered = await stamps.prepare();
    if (!(await target.reveal(writtenAt))) {
      await remembered.drop();
      return { receivedBytes, written: 0, removed, revealed: false };
    }
    await remembered.keep();
  } else {
    await stamps.save();
    // Stamps of files that were written this moment can't be trusted yet.
    if (missing.length > 0) await settle({ target, wanted: missing, stamps });
  }
  if (whole)
    await writeReceipt({
      cache: options.cache,
      folder: target.folder,
      ...name,
      digest: version.digest,
    });
  await linker?.save();
  return { receivedBytes, written: missing.length, removed, revealed: true };
}

async function chooseFiles(
  options: PullOptions,
): Promise<{ wanted: WantedFile[]; sizes: number[][] }> {
  const { client, name, version, include, signal } = options;
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
  target: PullTarget;
  wanted: readonly WantedFile[];
  stamps: StampCache;
}): Promise<{ missing: WantedFile[]; changed: string[] }> {
  const { target, wanted, stamps } = options;
  const former = new Map(stamps.entries());
  const missing: WantedFile[] = [];
  const changed: string[] = [];
  const breather = new Breather();
  await concurrently(wanted, 64, async entry => {
    await breather.breathe();
    const location = target.locationOf(entry);
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

/** @returns what was written to the folder on the way, and how it looked then */
async function fetchMissing(
  options: PullOptions & {
    blobs: BlobCache;
    missing: readonly WantedFile[];
    sizes: readonly (readonly number[])[];
    /** Where small files are written at once, beside the cache. */
    folder?: PullTarget;
    /** The folder that large files are going to be copied to. */
    copyFor?: string;
  },
): Promise<{ receivedBytes: number; placed: Map<WantedFile, string> }> {
  const { blobs, missing, folder, copyFor, onProgress, signal } = options;
  const absent = new Map<Digest, WantedFile>();
  const breather = new Breather();
  for (const entry of missing) {
    await breather.breathe();
    if (!blobs.has(entry)) absent.set(entry.digest, entry);
  }
  if (absent.size === 0) await askForCached(options);
  const progress: PullProgress = {
    totalBytes: [...absent.values()].reduce(
      (sum, entry) => sum + entry.size,
      0,
    ),
    receivedBytes: 0,
  };
  onProgress?.({ ...progress });
  await folder?.ensureFolders([...absent.values()], signal);
  const placed = await fetchPacked({
    ...options,
    files: [...absent.values()],
    placeOf: folder && (file => folder.placeOf(file)),
    onBytes: bytes => {
      progress.receivedBytes += bytes;
      onProgress?.({ ...progress });
    },
  });
  for (const file of placed.keys()) absent.delete(file.digest);
  await concurrently(absent.values(), HANDS, async entry => {
    signal?.throwIfAborted();
    let before = 0;
    await fetchBlob({
      ...options,
      entry,
      copyFor,
      onBytes: bytes => {
        progress.receivedBytes += bytes - before;
        before = bytes;
        onProgress?.({ ...progress });
      },
    });
  });
  return {
    receivedBytes: progress.receivedBytes,
    placed: folder ? placed : new Map(),
  };
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

async function removeFormer(options: {
  target: PullTarget;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<number> {
  const { target, wanted, stamps } = options;
  const { root } = target;
  const kept = new Set(wanted.map(entry => entry.path));
  let removed = 0;
  for (const [key, former] of [...stamps.entries()]) {
    if (kept.has(key)) continue;
    const location = target.locationOf({ path: key });
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

/**
 * Remembers how the files of a new folder look, which nobody else could have
 * written to. Links can be written to by their other names: who does that within
 * the same tick of the disk's clock is not noticed.
 */
function remember(options: {
  target: PullTarget;
  wanted: readonly WantedFile[];
  stamps: StampCache;
  placed: ReadonlyMap<WantedFile, string>;
}): void {
  const { target, wanted, stamps, placed } = options;
  const lookNow = (entry: WantedFile) => {
    const stat = lookAt(target.locationOf(entry));
    return stat && stampOf(stat);
  };
  // Some file systems of networks set the times of a file when it is closed.
  const stay = wanted
    .filter(entry => placed.get(entry))
    .slice(-3)
    .every(entry => placed.get(entry) === lookNow(entry));
  for (const entry of wanted) {
    const stamp = (stay && placed.get(entry)) || lookNow(entry);
    if (stamp) stamps.trust(entry.path, { stamp, digest: entry.digest });
  }
}

async function settle(options: {
  target: PullTarget;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<void> {
  const { target, wanted, stamps } = options;
  await new Promise(resolve => {
    setTimeout(resolve, 60);
  });
  const breather = new Breather();
  for (const entry of wanted) {
    await breather.breathe();
    const stat = lookAt(target.locationOf(entry));
    if (stat && Number(stat.size) === entry.size) {
      stamps.set(entry.path, { stamp: stampOf(stat), digest: entry.digest });
    }
  }
  await stamps.save();
}
