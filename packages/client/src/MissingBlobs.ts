import {
  concurrently,
  Digest,
  ManifestEntry,
  MissingBlob,
  PartChecksum,
  partSizeOf,
  PieceToSend,
  Upload,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { AssetManagerError } from './AssetManagerError';
import { buildPack, BuiltPack, choosePacks } from './buildPack';
import { base64OfHex, checksumOf } from './checksum';
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
/** Packs that are held in memory at once. */
const PACKING_HANDS = 4;
/** How often the server hears that we are at work, whatever arrives. Milliseconds. */
const HEARTBEAT_MS = 60_000;
/** Fewer small blobs go one by one: each can be read by itself in the bucket then. */
const PACKED_FROM = 8;

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
  #built: Promise<unknown> = Promise.resolve();
  readonly #underway = new Map<object, number>();
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
    const heartbeat = setInterval(() => {
      // What matters fails by itself; a heartbeat that is lost is followed by another.
      this.#client
        .keepUpload(this.#upload.id, { signal: this.#signal })
        .catch(() => {});
    }, HEARTBEAT_MS);
    try {
      await this.#sendAll();
    } finally {
      clearInterval(heartbeat);
    }
  }

  async #sendAll(): Promise<void> {
    const small = this.#smallBlobs();
    const pieces: { entry: T; piece: Piece }[] = [];
    for (const entry of this.#blobs.values()) {
      if (small.has(entry)) continue;
      const wanted = this.#piecesOf(entry);
      this.#left.set(entry.digest, wanted.length);
      for (const piece of wanted) pieces.push({ entry, piece });
    }
    this.#report();
    for (const entry of this.#blobs.values()) {
      if (this.#left.get(entry.digest) === 0) await this.#complete(entry);
    }
    await concurrently(
      choosePacks(small, this.#upload.packing),
      PACKING_HANDS,
      entries => this.#sendPack(entries),
    );
    await concurrently(pieces, HANDS, async ({ entry, piece }) => {
      await this.#retry(() => this.#sendPiece(entry, piece));
      this.#arrive(piece, piece.end - piece.start);
      const left = (this.#left.get(entry.digest) ?? 1) - 1;
      this.#left.set(entry.digest, left);
      if (left === 0) await this.#complete(entry);
    });
    await this.#tell();
  }

  /** Those that go in packs, in the order of their paths. */
  #smallBlobs(): ReadonlySet<T> {
    const small = [...this.#blobs.values()].filter(
      ({ size }) => size <= this.#upload.packing.blobSize,
    );
    return new Set(small.length < PACKED_FROM ? [] : small);
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

  async #sendPack(entries: readonly T[]): Promise<void> {
    this.#signal?.throwIfAborted();
    const { id, direct } = this.#upload;
    const { digest, bytes, blobs } = await this.#build(entries);
    await this.#retry(async () => {
      const target = await this.#targetFor(
        () => this.#client.packTarget(id, digest),
        async checksum => ({
          digest,
          pack: true,
          size: bytes.length,
          checksum:
            checksum === 'sha256'
              ? asBase64(digest)
              : await checksumOf(checksum, [bytes]),
        }),
      );
      await sendOnce(target, () =>
        this.#sender.sendBytes(bytes, target, sent =>
          this.#move(entries, Math.min(sent, sumOf(entries))),
        ),
      );
    });
    if (direct)
      await this.#client.completePack(
        id,
        { digest, blobs },
        { signal: this.#signal },
      );
    this.#progress.sentBlobs += entries.length;
    this.#arrive(entries, sumOf(entries));
  }

  /** One pack after the other: while one is on its way the next is read. */
  #build(entries: readonly T[]): Promise<BuiltPack> {
    const pack = this.#built.then(() => {
      this.#signal?.throwIfAborted();
      return buildPack(entries, this.#sender);
    });
    this.#built = pack.catch(() => {});
    return pack;
  }

  async #sendPiece(entry: T, piece: Piece): Promise<void> {
    const { part, start, end } = piece;
    const { digest } = entry;
    const target = await this.#targetFor(
      () => this.#client.blobUrl(this.#upload.id, digest, part),
      async checksum => ({
        digest,
        part,
        size: end - start,
        checksum:
          part === undefined && checksum === 'sha256'
            ? asBase64(digest)
            : await this.#sender.checksum(entry, piece, checksum),
      }),
    );
    await sendOnce(target, () =>
      this.#sender.send(entry, piece, target, sent => this.#move(piece, sent)),
    );
  }

  /** Our own address, or one that is signed for this piece where the bytes go direct. */
  async #targetFor(
    address: () => Promise<string>,
    describe: (checksum: PartChecksum) => Promise<PieceToSend>,
  ): Promise<PieceTarget> {
    const { direct } = this.#upload;
    if (!direct) {
      return {
        url: await address(),
        headers: { 'Content-Type': 'application/octet-stream' },
        signed: false,
      };
    }
    const { url, headers } = await this.#signer.sign(
      await describe(direct.checksum),
    );
    return { url, headers, signed: true };
  }

  async #retry(work: () => Promise<void>): Promise<void> {
    await retry(work, { signal: this.#signal });
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

  /** Says how many bytes of something are on their way. */
  #move(what: object, bytes: number): void {
    this.#underway.set(what, bytes);
    this.#report();
  }

  /** Says that something has arrived. */
  #arrive(what: object, bytes: number): void {
    this.#underway.delete(what);
    this.#progress.sentBytes += bytes;
    this.#report();
  }

  #report(): void {
    let { sentBytes } = this.#progress;
    for (const bytes of this.#underway.values()) sentBytes += bytes;
    this.#onProgress?.({ ...this.#progress, sentBytes });
  }
}

/** Makes one try to send something, and translates what a bucket says of it. */
async function sendOnce(
  target: PieceTarget,
  send: () => Promise<void>,
): Promise<void> {
  try {
    await send();
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

function sumOf(entries: readonly ManifestEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

function asBase64(digest: Digest): string {
  return base64OfHex(digest.slice('sha256:'.length));
}
