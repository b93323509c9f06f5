import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { NotFoundError } from '@backstage/errors';
import {
  Digest,
  partSizeOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
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
import { impatient } from './impatient';
import { isStatus } from './isStatus';
import { readRules } from './readRules';
import { S3Transfer } from './S3Transfer';

/** A blob that passes through the backend is sent in pieces of this size. Bytes. */
const PIECE = 16 * 1024 * 1024;
/** Tries of a request that others cross. */
const CROSSINGS = 5;

/** @public */
export interface S3BlobStoreOptions {
  client: S3Client;
  bucket: string;
  /** What all keys begin with, e.g. `assets/`; nothing when left out. */
  prefix?: string;
  /** Reads, with a time limit of its own for a silent bucket; the other one when left out. */
  readingClient?: S3Client;
  /** Makes large objects of their parts, which may take a server minutes; the first one when left out. */
  composingClient?: S3Client;
  /** How long the bucket may say nothing to a read, in milliseconds; a minute when left out. */
  patience?: number;
  /** Signs for clients, where they reach the bucket by another address than the backend. */
  signingClient?: S3Client;
}

/**
 * Blobs as objects of a bucket that speaks the S3 protocol.
 *
 * Creation is conditional (`If-None-Match: *`), so that a key is written once;
 * large blobs are multipart uploads, which are invisible until they are whole.
 * The bucket verifies the SHA-256 of what comes in one piece, and that of each
 * part of what comes in several.
 */
export class S3BlobStore implements BlobStore {
  readonly direct: DirectTransfer;
  readonly #client: S3Client;
  readonly #readingClient: S3Client;
  readonly #composingClient: S3Client;
  readonly #patience: number;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(options: S3BlobStoreOptions) {
    const { client, bucket, prefix = '' } = options;
    this.#client = client;
    this.#readingClient = options.readingClient ?? client;
    this.#composingClient = options.composingClient ?? client;
    this.#patience = options.patience ?? 60_000;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.direct = new S3Transfer({
      client,
      composingClient: this.#composingClient,
      signingClient: options.signingClient ?? client,
      bucket,
      prefix,
      stat: key => this.stat(key),
    });
  }

  async put(options: PutBlobOptions): Promise<{ created: boolean }> {
    const { key, size, digest, body } = options;
    const target = this.#locate(key);
    const bytes = new PromisedBytes({ size, digest });
    if (size > PIECE) {
      return pipeline(body, bytes, passing =>
        this.#putInPieces(target, passing, size),
      );
    }
    const chunks: Buffer[] = [];
    await pipeline(body, bytes, async passing => {
      for await (const chunk of passing) chunks.push(chunk);
    });
    return this.#create(() =>
      this.#client.send(
        new PutObjectCommand({
          ...target,
          Body: Buffer.concat(chunks),
          ContentLength: size,
          ChecksumSHA256: base64Of(digest),
          IfNoneMatch: '*',
        }),
      ),
    );
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    try {
      const { Body } = await this.#readingClient.send(
        new GetObjectCommand({
          ...this.#locate(key),
          ...(range && { Range: `bytes=${range.start}-${range.end}` }),
        }),
      );
      return Readable.from(impatient(Body as Readable, this.#patience), {
        objectMode: false,
      });
    } catch (error) {
      if (isStatus(error, 404))
        throw new NotFoundError(`there is no blob ${key}`);
      throw error;
    }
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    try {
      const { ContentLength, ChecksumSHA256, ETag } = await this.#client.send(
        new HeadObjectCommand({
          ...this.#locate(key),
          ChecksumMode: 'ENABLED',
        }),
      );
      return {
        size: ContentLength ?? 0,
        // A checksum of parts ends in their number, and is none of the bytes.
        ...(ChecksumSHA256?.length === 44 && {
          digest: digestOfBase64(ChecksumSHA256),
        }),
        ...(ETag !== undefined && { revision: ETag }),
      };
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async delete(key: string, options: DeleteBlobOptions = {}): Promise<boolean> {
    const { revision, signal } = options;
    try {
      await this.#client.send(
        new DeleteObjectCommand({ ...this.#locate(key), IfMatch: revision }),
        { abortSignal: signal },
      );
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return true;
      // A server that knows no conditions here; the tombstones in the database have to do.
      if (revision !== undefined && isStatus(error, 501))
        return this.delete(key, { signal });
      if (!isStatus(error, 409, 412)) throw error;
      // A condition on what is gone, perhaps by a try of ours whose answer was lost, fails too.
      return (await this.stat(key)) === undefined;
    }
  }

  async rules(): Promise<BucketRule[] | undefined> {
    return readRules(this.#client, {
      bucket: this.#bucket,
      prefix: this.#prefix,
    });
  }

  async *list(prefix: string): AsyncIterable<{ key: string; size: number }> {
    for await (const page of paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix: `${this.#prefix}${prefix}` },
    )) {
      for (const { Key = '', Size = 0 } of page.Contents ?? [])
        yield { key: Key.slice(this.#prefix.length), size: Size };
    }
  }

  /** The whole is only made once the bytes were what was promised. */
  async #putInPieces(
    target: { Bucket: string; Key: string },
    bytes: AsyncIterable<Buffer>,
    size: number,
  ): Promise<{ created: boolean }> {
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({
        ...target,
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    const parts: {
      PartNumber: number;
      ETag?: string;
      ChecksumSHA256: string;
    }[] = [];
    const send = async (piece: Buffer) => {
      const PartNumber = parts.length + 1;
      const ChecksumSHA256 = createHash('sha256')
        .update(piece)
        .digest('base64');
      const { ETag } = await this.#client.send(
        new UploadPartCommand({
          ...target,
          UploadId,
          PartNumber,
          Body: piece,
          ChecksumSHA256,
        }),
      );
      parts.push({ PartNumber, ETag, ChecksumSHA256 });
    };
    const abort = () =>
      this.#client
        .send(new AbortMultipartUploadCommand({ ...target, UploadId }))
        .catch(() => {});
    try {
      for await (const piece of inPieces(bytes, partSizeOf(size, PIECE)))
        await send(piece);
      const result = await this.#create(() =>
        this.#composingClient.send(
          new CompleteMultipartUploadCommand({
            ...target,
            UploadId,
            MultipartUpload: { Parts: parts },
            IfNoneMatch: '*',
          }),
        ),
      );
      if (!result.created) await abort();
      return result;
    } catch (error) {
      await abort();
      throw error;
    }
  }

  /**
   * Makes a conditional request. 412 says that the key stands, perhaps by a try
   * of ours whose answer was lost (which makes a multipart upload be gone: 404).
   * 409 says that another operation crossed it, and asks to try again.
   */
  async #create(
    request: () => Promise<unknown>,
  ): Promise<{ created: boolean }> {
    for (let attempt = 1; ; attempt++) {
      try {
        await request();
        return { created: true };
      } catch (error) {
        if (isStatus(error, 412, 404)) return { created: false };
        if (!isStatus(error, 409) || attempt === CROSSINGS) throw error;
        await pause(Math.random() * 200 * 2 ** attempt);
      }
    }
  }

  #locate(key: string): { Bucket: string; Key: string } {
    return {
      Bucket: this.#bucket,
      Key: `${this.#prefix}${checkBlobKey(key)}`,
    };
  }
}

function base64Of(digest: Digest): string {
  return Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64');
}

function digestOfBase64(text: string): Digest {
  return `sha256:${Buffer.from(text, 'base64').toString('hex')}`;
}
