import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Bucket, CRC32C, File } from '@google-cloud/storage';
import {
  BlobStat,
  BlobStore,
  BucketRule,
  ByteRange,
  checkBlobKey,
  DeleteBlobOptions,
  DirectTransfer,
  inPieces,
  PromisedBytes,
  PutBlobOptions,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { GcsTransfer } from './GcsTransfer';
import { isStatus } from './isStatus';
import { ObjectReader } from './ObjectReader';
import { readRules } from './readRules';
import { ResumableUpload } from './ResumableUpload';

/** A blob up to this size is sent in one request, and can be sent again. Bytes. */
const PIECE = 16 * 1024 * 1024;
const PATIENCE_MS = 60_000;
const NEW = { ifGenerationMatch: 0 };

/** @public */
export interface GcsBlobStoreOptions {
  bucket: Bucket;
  /** What all keys begin with, e.g. `assets/`; nothing when left out. */
  prefix?: string;
  /** Milliseconds before a read is tried again; 500 when left out. */
  retryDelay?: number;
  /** How long the bucket may say nothing to a read, in milliseconds; a minute when left out. */
  patience?: number;
  now?: () => Date;
}

/**
 * Blobs as objects of a bucket of Google Cloud Storage: `<prefix>blobs/<key>`,
 * and unfinished parts under `<prefix>parts/`.
 *
 * Creation asks for generation 0, so that a key is written once. The bucket
 * verifies the CRC32C of what it takes, and knows no SHA-256: what went straight
 * there is read afterwards.
 */
export class GcsBlobStore implements BlobStore {
  readonly direct: DirectTransfer;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #parts: string;
  readonly #reader: ObjectReader;
  readonly #retryDelay: number;
  readonly #patience: number;

  constructor(options: GcsBlobStoreOptions) {
    this.#bucket = options.bucket;
    this.#prefix = `${options.prefix ?? ''}blobs/`;
    this.#parts = `${options.prefix ?? ''}parts/`;
    this.#retryDelay = options.retryDelay ?? 500;
    this.#patience = options.patience ?? PATIENCE_MS;
    this.#reader = new ObjectReader({
      bucket: options.bucket,
      firstDelay: this.#retryDelay,
      patience: this.#patience,
    });
    this.direct = new GcsTransfer({
      bucket: options.bucket,
      blobs: this.#prefix,
      parts: this.#parts,
      stat: key => this.stat(key),
      now: options.now ?? (() => new Date()),
    });
  }

  async put(options: PutBlobOptions): Promise<{ created: boolean }> {
    const { key, size, digest, body } = options;
    const file = this.#file(key);
    const bytes = new PromisedBytes({ size, digest });
    try {
      if (size > PIECE) {
        return await pipeline(body, bytes, passing =>
          this.#putInPieces(file, passing, size),
        );
      }
      const chunks: Buffer[] = [];
      await pipeline(body, bytes, async passing => {
        for await (const chunk of passing) chunks.push(chunk);
      });
      await file.save(Buffer.concat(chunks), {
        resumable: false,
        preconditionOpts: NEW,
        validation: 'crc32c',
        contentType: 'application/octet-stream',
      });
      return { created: true };
    } catch (error) {
      // Somebody, perhaps our own former try, has written it.
      if (isStatus(error, 412)) return { created: false };
      throw error;
    }
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    return this.#reader.open(this.#file(key).name, range);
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    try {
      const [metadata] = await this.#file(key).getMetadata();
      return {
        size: Number(metadata.size),
        ...(metadata.generation !== undefined && {
          revision: String(metadata.generation),
        }),
      };
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async delete(key: string, options: DeleteBlobOptions = {}): Promise<boolean> {
    const { revision } = options;
    try {
      await this.#file(key).delete({
        ignoreNotFound: true,
        ...(revision !== undefined && { ifGenerationMatch: revision }),
      });
      return true;
    } catch (error) {
      if (isStatus(error, 412)) return false;
      throw error;
    }
  }

  async rules(): Promise<BucketRule[]> {
    return readRules(this.#bucket, { blobs: this.#prefix, parts: this.#parts });
  }

  async *list(prefix: string): AsyncIterable<{ key: string; size: number }> {
    const files: AsyncIterable<File> = this.#bucket.getFilesStream({
      prefix: `${this.#prefix}${prefix}`,
    });
    for await (const { name, metadata } of files)
      yield {
        key: name.slice(this.#prefix.length),
        size: Number(metadata.size),
      };
  }

  /** One stream, of which the last piece is sent once all bytes were what was promised. */
  async #putInPieces(
    file: File,
    bytes: AsyncIterable<Buffer>,
    size: number,
  ): Promise<{ created: boolean }> {
    const upload = new ResumableUpload({
      bucket: this.#bucket,
      name: file.name,
      size,
      firstDelay: this.#retryDelay,
      patience: this.#patience,
    });
    if (!(await upload.begin())) return { created: false };
    const checksum = new CRC32C();
    let sent = 0;
    try {
      for await (const piece of inPieces(bytes, PIECE)) {
        checksum.update(piece);
        const object = await upload.send(piece, sent);
        sent += piece.length;
        if (object === 'exists') return { created: false };
        if (!object) continue;
        if (object.crc32c !== undefined && !checksum.validate(object.crc32c)) {
          await file.delete({ ignoreNotFound: true });
          throw new Error(
            `other bytes arrived for ${file.name} than were sent`,
          );
        }
        return { created: true };
      }
      throw new Error(`the bucket lacks the end of ${file.name}`);
    } catch (error) {
      await upload.abandon();
      throw error;
    }
  }

  #file(key: string): File {
    return this.#bucket.file(`${this.#prefix}${checkBlobKey(key)}`);
  }
}
