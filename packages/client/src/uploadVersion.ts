import {
  AssetName,
  AssetVersion,
  buildManifest,
  CommitUploadRequest,
  CommitUploadResponse,
  Digest,
  ManifestEntry,
  MissingBlob,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { concurrently } from './concurrently';

/** Requests under way at once; more did not go faster on loopback or on one disk. */
const HANDS = 8;

/**
 * Sends bytes of a file.
 *
 * @param entry - one of the files that were given
 * @param target - `part` is undefined when the blob goes in one piece; `end`
 *   is excluded; `onBytes` hears how many bytes of the piece are on their way
 * @public
 */
export type SendBytes<T extends ManifestEntry> = (
  entry: T,
  target: {
    uploadId: string;
    part?: number;
    start: number;
    end: number;
    onBytes: (bytes: number) => void;
  },
) => Promise<void>;

/**
 * How far an upload has come.
 *
 * @public
 */
export interface UploadProgress {
  /** Bytes of the blobs that were not there yet. */
  totalBytes: number;
  sentBytes: number;
  totalBlobs: number;
  sentBlobs: number;
}

/** @public */
export interface UploadVersionOptions<T extends ManifestEntry> {
  client: AssetManagerClient;
  name: AssetName;
  files: readonly T[];
  commit: CommitUploadRequest;
  send: SendBytes<T>;
  /** Hears of the session once there is one. */
  onBegin?: (uploadId: string) => void;
  onProgress?: (progress: UploadProgress) => void;
  signal?: AbortSignal;
}

/** @public */
export type UploadVersionResult =
  | ({ state: 'created' | 'exists' } & CommitUploadResponse)
  | { state: 'unchanged'; version: AssetVersion };

interface Piece<T> {
  entry: T;
  part?: number;
  start: number;
  end: number;
}

/**
 * Makes a version of files whose digests are known: begins or goes on with an
 * upload, sends what the server lacks, and commits.
 *
 * @throws InputError when the files can't be one version
 * @public
 */
export async function uploadVersion<T extends ManifestEntry>(
  options: UploadVersionOptions<T>,
): Promise<UploadVersionResult> {
  const { client, name, files, commit, signal } = options;
  const built = buildManifest(files);
  const begun = await client.beginUpload(
    name,
    {
      digest: built.digest,
      fileCount: built.manifest.fileCount,
      size: built.manifest.size,
    },
    { signal },
  );
  if (begun.state === 'exists')
    return { state: 'unchanged', version: begun.version };
  const { id, partSize } = begun.upload;
  options.onBegin?.(id);

  const missing = new Map<Digest, MissingBlob>();
  for (const [position, page] of built.pages.entries()) {
    for (const blob of await client.putPage(id, position, page, { signal })) {
      missing.set(blob.digest, blob);
    }
  }
  await sendMissing({ ...options, id, partSize, missing });
  const committed = await client.commitUpload(id, commit, { signal });
  return { state: committed.created ? 'created' : 'exists', ...committed };
}

async function sendMissing<T extends ManifestEntry>(
  options: UploadVersionOptions<T> & {
    id: string;
    partSize: number;
    missing: Map<Digest, MissingBlob>;
  },
): Promise<void> {
  const { client, files, send, id, partSize, missing, onProgress, signal } =
    options;
  const blobs = new Map<Digest, T>();
  for (const entry of files) {
    if (missing.has(entry.digest)) blobs.set(entry.digest, entry);
  }
  const progress: UploadProgress = {
    totalBytes: [...missing.values()].reduce((sum, blob) => sum + blob.size, 0),
    sentBytes: 0,
    totalBlobs: blobs.size,
    sentBlobs: 0,
  };
  const open = new Map<Digest, number>();
  const pieces: Piece<T>[] = [];
  for (const [digest, entry] of blobs) {
    const received = new Set(missing.get(digest)?.receivedParts);
    let left = 0;
    if (entry.size <= partSize) {
      pieces.push({ entry, start: 0, end: entry.size });
      left = 1;
    } else {
      for (let part = 0; part * partSize < entry.size; part++) {
        const start = part * partSize;
        const end = Math.min(start + partSize, entry.size);
        if (received.has(part)) {
          progress.sentBytes += end - start;
        } else {
          pieces.push({ entry, part, start, end });
          left++;
        }
      }
    }
    open.set(digest, left);
  }
  const underway = new Map<Piece<T>, number>();
  const report = () => {
    let sentBytes = progress.sentBytes;
    for (const bytes of underway.values()) sentBytes += bytes;
    onProgress?.({ ...progress, sentBytes });
  };
  report();

  const complete = async (entry: T) => {
    if (entry.size > partSize) {
      await client.completeBlob(
        id,
        { digest: entry.digest, size: entry.size },
        { signal },
      );
    }
    progress.sentBlobs++;
    report();
  };
  for (const [digest, entry] of blobs) {
    if (open.get(digest) === 0) await complete(entry);
  }
  await concurrently(pieces, HANDS, async piece => {
    const { entry, part, start, end } = piece;
    signal?.throwIfAborted();
    const onBytes = (bytes: number) => {
      underway.set(piece, bytes);
      report();
    };
    await send(entry, { uploadId: id, part, start, end, onBytes });
    underway.delete(piece);
    progress.sentBytes += end - start;
    report();
    const left = (open.get(entry.digest) ?? 1) - 1;
    open.set(entry.digest, left);
    if (left === 0) await complete(entry);
  });
}
