import {
  concurrently,
  Digest,
  ManifestEntry,
  MissingBlob,
  partSizeOf,
  Upload,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { AssetManagerError } from './AssetManagerError';
import { base64OfHex } from './checksum';
import { PieceSigner } from './PieceSigner';
import { retry } from './retry';
import type {
  Piece,
  PieceSender,
  PieceTarget,
  UploadProgress,
  UploadVersionOptions,
} from './uploadVersion';

/** Requests under way at once; more did not go faster on loopback or on one disk. */
const HANDS = 8;
/** Blobs that the server is told of in one request. */
const TOLD_AT_ONCE = 100;

/** The blobs that the server lacks, on their way to it. */
export class MissingBlobs<T extends ManifestEntry> {
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
      // Another operation crossed it: the bucket asks to try again.
      if (error.status === 403 || error.status === 409)
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
