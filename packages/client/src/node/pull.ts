import { readdir } from 'node:fs/promises';
import { ConflictError } from '@backstage/errors';
import {
  AssetName,
  AssetVersion,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from '../AssetManagerClient';
import { BlobCache } from './BlobCache';
import { BlobLinker } from './BlobLinker';
import { CacheUpkeep } from './CacheUpkeep';
import { fillFolder } from './fillFolder';
import { PullTarget } from './PullTarget';
import { readReceipt, writeReceipt } from './receipt';
import type { Transport } from './Transport';
import { updateFolder } from './updateFolder';

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
  /** Overwrites files that were changed on this machine, and takes away those of another asset. */
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
  /** Files that were to be links, and are copies. */
  notLinked: number;
}

/** What all steps of a pull work with. */
export interface Pulling extends PullOptions {
  into: PullTarget;
  blobs: BlobCache;
  /** Makes links instead of copies. */
  linker?: BlobLinker;
}

/** What filling or updating a folder has done. */
export interface Pulled extends Omit<PullResult, 'notLinked'> {
  /** Whether the folder stands now. */
  revealed: boolean;
}

/**
 * Brings the files of a version into a folder, each verified against the
 * manifest and the manifest against the version's digest. What stands already
 * is left alone, and what a person changed is not overwritten.
 *
 * @throws ConflictError that lists files which were changed on this machine, or
 *   names the other asset whose files stand there
 * @throws IntegrityError when bytes are not what their digest says
 * @public
 */
export async function pull(options: PullOptions): Promise<PullResult> {
  let receivedBytes = 0;
  for (;;) {
    const into = await PullTarget.open(options.target);
    const blobs = new BlobCache({ directory: options.cache });
    try {
      await blobs.sweep();
      if (!into.isNew && !options.force)
        await refuseOtherAsset(options, into.folder);
      const linker = options.link
        ? await BlobLinker.open({ directory: options.cache, cache: blobs })
        : undefined;
      const pulling = { ...options, into, blobs, linker };
      const { revealed, ...result } = into.isNew
        ? await fillFolder(pulling)
        : await updateFolder(pulling);
      receivedBytes += result.receivedBytes;
      // Somebody has made the folder meanwhile: what is missing there is written.
      if (!revealed) continue;
      // A folder that can't be remembered is whole all the same.
      await linker?.save().catch(() => {});
      await finish(options, { folder: into.folder, receivedBytes });
      return { ...result, receivedBytes, notLinked: linker?.copied ?? 0 };
    } finally {
      // Neither may hide why the pull failed.
      await blobs.close().catch(() => {});
      await into.discard();
    }
  }
}

/**
 * A pull takes away what an earlier one wrote and this version does not have: of
 * another asset that would be all of it.
 *
 * @throws ConflictError that names the asset whose files the folder has
 */
async function refuseOtherAsset(
  { cache, name: { namespace, name }, target }: PullOptions,
  folder: string,
): Promise<void> {
  const receipt = await readReceipt({ cache, folder });
  if (
    !receipt ||
    (receipt.namespace === namespace && receipt.name === name) ||
    (await readdir(folder)).length === 0
  )
    return;
  throw new ConflictError(
    `${target} has files of ${formatReference(
      receipt,
    )}, which a pull of another asset would take away`,
  );
}

/** What is done once the folder stands. */
async function finish(
  options: PullOptions,
  pulled: { folder: string; receivedBytes: number },
): Promise<void> {
  const { cache, cacheLimit, include, name, version } = options;
  const { folder, receivedBytes } = pulled;
  if (!include?.length)
    await writeReceipt({
      cache,
      folder,
      ...name,
      digest: version.digest,
    }).catch(() => {});
  if (cacheLimit !== undefined && receivedBytes > 0)
    await new CacheUpkeep({ directory: cache })
      .prune({
        keepBytes: cacheLimit,
        unusedSince: new Date(),
      })
      .catch(() => {});
}
