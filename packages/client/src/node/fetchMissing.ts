import {
  concurrently,
  Digest,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { AssetManagerError } from '../AssetManagerError';
import { IntegrityError } from '../IntegrityError';
import { retry } from '../retry';
import type { BlobCache } from './BlobCache';
import { Breather } from './Breather';
import { fetchPacked } from './fetchPacked';
import type { PullOptions, PullProgress } from './pull';
import type { PullTarget } from './PullTarget';
import type { WantedFile } from './WantedFile';

const HANDS = 8;

/**
 * Fetches into the cache what is not there.
 *
 * @returns what was written to the folder on the way, and how it looked then
 */
export async function fetchMissing(
  options: PullOptions & {
    blobs: BlobCache;
    /** Files that are going to be laid out. */
    wanted: readonly WantedFile[];
    /** Those of them that may have to be fetched. */
    missing: readonly WantedFile[];
    sizes: readonly (readonly number[])[];
    /** Where small files are written at once, beside the cache. */
    copyInto?: PullTarget;
    /** The folder that large files are going to be copied to. */
    copyFor?: string;
  },
): Promise<{ receivedBytes: number; placed: Map<WantedFile, string> }> {
  const { blobs, missing, copyInto, copyFor, onProgress, signal } = options;
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
  await copyInto?.ensureFolders([...absent.values()], signal);
  const placed = await fetchPacked({
    ...options,
    files: [...absent.values()],
    placeOf: copyInto && (file => copyInto.placeOf(file)),
    onBytes: bytes => {
      progress.receivedBytes += bytes;
      onProgress?.({ ...progress });
    },
  });
  for (const file of placed.keys()) absent.delete(file.digest);
  /** Bytes that a former pull had begun with. */
  let kept = 0;
  await concurrently(absent.values(), HANDS, async entry => {
    signal?.throwIfAborted();
    let before = 0;
    await fetchBlob({
      ...options,
      entry,
      copyFor,
      onBytes: (bytes, isKept) => {
        if (isKept) kept += Math.max(0, bytes - before);
        progress.receivedBytes += bytes - before;
        before = bytes;
        onProgress?.({ ...progress });
      },
    });
  });
  return {
    receivedBytes: progress.receivedBytes - kept,
    placed: copyInto ? placed : new Map(),
  };
}

/**
 * Asks for a byte where nothing has to be fetched: that somebody had the bytes before
 * does not mean that they may have them now.
 *
 * @throws AssetManagerError with status 403 when they may not
 */
async function askForCached(
  options: PullOptions & { wanted: readonly WantedFile[] },
): Promise<void> {
  const { client, name, version, wanted, signal } = options;
  const file = wanted.find(({ size }) => size > 0);
  if (!file) return;
  const answer = await client.readFile(
    { ...name, selector: version.digest },
    file.path,
    { start: 0, end: 0, signal },
  );
  await answer.body?.cancel();
}

export async function fetchBlob(
  options: Pick<
    PullOptions,
    'client' | 'transport' | 'name' | 'version' | 'prefer' | 'signal'
  > & {
    blobs: BlobCache;
    entry: ManifestEntry;
    copyFor?: string;
    onBytes?: (bytes: number, kept?: boolean) => void;
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
  // Those of lines name no file.
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  return (
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    syscall === 'write' ||
    (syscall !== undefined && path !== undefined)
  );
}
