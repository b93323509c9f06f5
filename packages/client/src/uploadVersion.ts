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
  partSizeOf,
  Upload,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { AssetManagerError } from './AssetManagerError';
import { base64OfHex } from './checksum';
import { concurrently } from './concurrently';
import { PieceSigner } from './PieceSigner';
import { retry } from './retry';

/** Requests under way at once; more did not go faster on loopback or on one disk. */
const HANDS = 8;
/** Blobs that the server is told of in one request. */
const TOLD_AT_ONCE = 100;

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
  const committed = await client.commitUpload(upload.id, commit, { signal });
  return { state: committed.created ? 'created' : 'exists', ...committed };
}

/** The blobs that the server lacks, on their way to it. */
class MissingBlobs<T extends ManifestEntry> {
  readonly #client: AssetManagerClient;
  readonly #sender: PieceSender<T>;
  readonly #upload: Upload;
  readonly #missing: ReadonlyMap<Digest, MissingBlob>;
  readonly #blobs: ReadonlyMap<Digest, T>;
  readonly #signer: PieceSigner;
  readonly #onProgress: ((progress: UploadProgress) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #progress: UploadProgress;
  /** Pieces that have not arrived, by blob. */
  readonly #left = new Map<Digest, number>();
  readonly #underway = new Map<Piece, number>();
  /** Blobs that have arrived whole, and of which the server was not told yet. */
  #arrived: T[] = [];

  constructor(
    options: UploadVersionOptions<T> & {
      upload: Upload;
      missing: ReadonlyMap<Digest, MissingBlob>;
      blobs: ReadonlyMap<Digest, T>;
    },
  ) {
    this.#client = options.client;
    this.#sender = options.sender;
    this.#upload = options.upload;
    this.#missing = options.missing;
    this.#blobs = options.blobs;
    this.#onProgress = options.onProgress;
    this.#signal = options.signal;
    this.#signer = new PieceSigner({
      client: options.client,
      uploadId: options.upload.id,
      signal: options.signal,
    });
    this.#progress = {
      totalBytes: [...options.missing.values()].reduce(
        (sum, blob) => sum + blob.size,
        0,
      ),
      sentBytes: 0,
      totalBlobs: options.blobs.size,
      sentBlobs: 0,
    };
  }

  async send(): Promise<void> {
    const pieces: { entry: T; piece: Piece }[] = [];
    for (const entry of this.#blobs.values()) {
      const wanted = this.#piecesOf(entry);
      this.#left.set(entry.digest, wanted.length);
      for (const piece of wanted) pieces.push({ entry, piece });
    }
    this.#report();
    for (const entry of this.#blobs.values()) {
      if (this.#left.get(entry.digest) === 0) await this.#complete(entry);
    }
    await concurrently(pieces, HANDS, async ({ entry, piece }) => {
      this.#signal?.throwIfAborted();
      await retry(() => this.#sendPiece(entry, piece), {
        signal: this.#signal,
      });
      this.#underway.delete(piece);
      this.#progress.sentBytes += piece.end - piece.start;
      this.#report();
      const left = (this.#left.get(entry.digest) ?? 1) - 1;
      this.#left.set(entry.digest, left);
      if (left === 0) await this.#complete(entry);
    });
    await this.#tell();
  }

  /** The pieces of a blob that have not arrived; those that have count as sent. */
  #piecesOf(entry: T): Piece[] {
    const { size, digest } = entry;
    if (size <= this.#upload.partSize) return [{ start: 0, end: size }];
    const partSize = partSizeOf(size, this.#upload.partSize);
    const received = new Set(this.#missing.get(digest)?.receivedParts);
    const pieces: Piece[] = [];
    for (let part = 0; part * partSize < size; part++) {
      const start = part * partSize;
      const end = Math.min(start + partSize, size);
      if (received.has(part)) this.#progress.sentBytes += end - start;
      else pieces.push({ part, start, end });
    }
    return pieces;
  }

  async #sendPiece(entry: T, piece: Piece): Promise<void> {
    const target = await this.#targetOf(entry, piece);
    try {
      await this.#sender.send(entry, piece, target, bytes => {
        this.#underway.set(piece, bytes);
        this.#report();
      });
    } catch (error) {
      if (!target.signed || !(error instanceof AssetManagerError)) throw error;
      // It stands already: sent by an earlier try whose answer was lost, or by somebody else.
      if (error.status === 412) return;
      // What was signed may have expired while it waited; the next try asks anew.
      if (error.status === 403)
        throw new AssetManagerError({
          status: 503,
          message: error.message,
          cause: error,
        });
      throw error;
    }
  }

  async #targetOf(entry: T, piece: Piece): Promise<PieceTarget> {
    const { direct, id } = this.#upload;
    const { part } = piece;
    if (!direct) {
      return {
        url: await this.#client.blobUrl(id, entry.digest, part),
        headers: { 'Content-Type': 'application/octet-stream' },
        signed: false,
      };
    }
    const checksum =
      part === undefined && direct.checksum === 'sha256'
        ? base64OfHex(entry.digest.slice('sha256:'.length))
        : await this.#sender.checksum(entry, piece, direct.checksum);
    const { url, headers } = await this.#signer.sign({
      digest: entry.digest,
      part,
      size: piece.end - piece.start,
      checksum,
    });
    return { url, headers, signed: true };
  }

  async #complete(entry: T): Promise<void> {
    const { direct, partSize } = this.#upload;
    this.#progress.sentBlobs++;
    this.#report();
    // What the backend took in one piece, it has taken down itself.
    if (!direct && entry.size <= partSize) return;
    this.#arrived.push(entry);
    if (this.#arrived.length >= TOLD_AT_ONCE || entry.size > partSize)
      await this.#tell();
  }

  async #tell(): Promise<void> {
    const blobs = this.#arrived.map(({ digest, size }) => ({ digest, size }));
    this.#arrived = [];
    if (blobs.length > 0)
      await this.#client.completeBlobs(this.#upload.id, blobs, {
        signal: this.#signal,
      });
  }

  #report(): void {
    let { sentBytes } = this.#progress;
    for (const bytes of this.#underway.values()) sentBytes += bytes;
    this.#onProgress?.({ ...this.#progress, sentBytes });
  }
}
