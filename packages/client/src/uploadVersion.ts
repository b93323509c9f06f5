import {
  AssetName,
  AssetVersion,
  buildManifest,
  CommitUploadRequest,
  CommitUploadResponse,
  Digest,
  ManifestEntry,
  MissingBlob,
  PartChecksum,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { MissingBlobs } from './MissingBlobs';

/**
 * A whole blob, or a part of one.
 *
 * @public
 */
export interface Piece {
  /** Undefined when the blob goes in one piece. */
  part?: number;
  /** Bytes from the blob's begin. */
  start: number;
  /** Excluded. */
  end: number;
}

/**
 * Where a piece goes by PUT. A signed target carries its own permission, and
 * must get no other.
 *
 * @public
 */
export interface PieceTarget {
  url: string;
  headers: Record<string, string>;
  signed: boolean;
}

/**
 * Reads and sends bytes of the files that are pushed.
 *
 * @public
 */
export interface PieceSender<T extends ManifestEntry> {
  /**
   * Makes one try to send a piece.
   *
   * @param onBytes - hears how many bytes of the piece are on their way
   * @throws AssetManagerError with the status that was answered
   */
  send(
    entry: T,
    piece: Piece,
    target: PieceTarget,
    onBytes: (bytes: number) => void,
  ): Promise<void>;
  /** The checksum of a piece, in base64. */
  checksum(entry: T, piece: Piece, kind: PartChecksum): Promise<string>;
  /**
   * Reads all bytes of a small blob into a place of its size.
   *
   * @throws InputError when they are not what was hashed
   */
  read(entry: T, into: Uint8Array): Promise<void>;
  /** SHA-256 of bytes that are at hand. */
  digest(bytes: Uint8Array): Promise<Digest>;
  /**
   * Makes one try to send bytes that are at hand.
   *
   * @throws AssetManagerError with the status that was answered
   */
  sendBytes(
    bytes: Uint8Array<ArrayBuffer>,
    target: PieceTarget,
    onBytes: (bytes: number) => void,
  ): Promise<void>;
}

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
  sender: PieceSender<T>;
  /** Hears of the session once there is one. */
  onBegin?: (uploadId: string) => void;
  onProgress?: (progress: UploadProgress) => void;
  /** Hears when the version is about to be published. */
  onCommit?: () => void;
  signal?: AbortSignal;
}

/** @public */
export type UploadVersionResult =
  | ({ state: 'created' | 'exists' } & CommitUploadResponse)
  | { state: 'unchanged'; version: AssetVersion };

/**
 * Makes a version of files whose digests are known: begins or goes on with an
 * upload, sends what the server lacks (to the server, or straight to a bucket
 * where it says so), and commits.
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
      metadata: commit.metadata ?? {},
    },
    { signal },
  );
  if (begun.state === 'exists')
    return { state: 'unchanged', version: begun.version };
  const { upload } = begun;
  options.onBegin?.(upload.id);

  const missing = new Map<Digest, MissingBlob>();
  for (const [position, page] of built.pages.entries()) {
    for (const blob of await client.putPage(upload.id, position, page, {
      signal,
    })) {
      missing.set(blob.digest, blob);
    }
  }
  const blobs = new Map<Digest, T>();
  for (const entry of files) {
    if (missing.has(entry.digest)) blobs.set(entry.digest, entry);
  }
  await new MissingBlobs({ ...options, upload, missing, blobs }).send();
  options.onCommit?.();
  const committed = await client.commitUpload(upload.id, commit, { signal });
  return { state: committed.created ? 'created' : 'exists', ...committed };
}
