import type { Readable, Writable } from 'node:stream';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { DirectTransfer } from './DirectTransfer';

/**
 * A blob as its bytes will be: what a writer promises and the store holds it to.
 *
 * @public
 */
export interface BlobDescriptor {
  /** Where the blob stands: parts of `[A-Za-z0-9._-]`, joined by `/`. */
  key: string;
  /** Bytes. */
  size: number;
  digest: Digest;
}

/** @public */
export interface PutBlobOptions extends BlobDescriptor {
  body: Readable;
  /**
   * Each chunk of the body is a memory of its own and nobody's once it was read,
   * so that it may be given back (`releaseMemory`), as what a socket receives is.
   */
  disposable?: boolean;
}

/** @public */
export interface PutPartOptions {
  /** Names the unfinished blob among its writers, in the grammar of a key. */
  session: string;
  /** From 0. */
  number: number;
  /** Bytes from the blob's begin to the part's. */
  offset: number;
  /** Bytes. */
  size: number;
  body: Readable;
  /** As in `PutBlobOptions`. */
  disposable?: boolean;
}

/** @public */
export interface CompletePartsOptions extends BlobDescriptor {
  session: string;
}

/**
 * A range of bytes, both ends included, as in HTTP.
 *
 * @public
 */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * How a large blob is sent in parts through the backend, in any order.
 *
 * @public
 */
export interface PartTransfer {
  /** Keeps a part of an unfinished blob; a part sent again replaces the former. */
  putPart(options: PutPartOptions): Promise<void>;

  /**
   * Makes a blob of its parts, with the guarantees of `put`.
   *
   * @throws InputError when the bytes are not what was promised; the parts are gone then
   */
  completeParts(options: CompletePartsOptions): Promise<void>;

  /** Forgets the parts of an unfinished blob. */
  abortParts(session: string): Promise<void>;
}

/**
 * What a store says of a blob that it holds.
 *
 * @public
 */
export interface BlobStat {
  /** Bytes. */
  size: number;
  /**
   * The digest, where the store itself has computed it from the bytes that it
   * took. What a writer only told is none.
   */
  digest?: Digest;
  /**
   * What the store calls this writing of the key: another one once the key was
   * written anew. Absent where the store can't hold a deletion to it.
   */
  revision?: string;
}

/**
 * What a bucket does by itself to what stands in it, by a rule of its owner.
 *
 * @public
 */
export interface BucketRule {
  /** Blobs, which must not go by themselves, or what unfinished uploads left. */
  deletes: 'blobs' | 'parts';
  /** Their age in days; undefined when the rule goes by something else. */
  afterDays?: number;
}

/** @public */
export interface DeleteBlobOptions {
  /** Deletes this writing of the key and no later one. */
  revision?: string;
  /** Sends no request once it is aborted. A store may end on its own before. */
  signal?: AbortSignal;
}

/**
 * Where bytes are kept. Blobs never change; a key is written once.
 *
 * Guarantees of every implementation:
 * - When `put` has created a blob, the bytes had the promised size and
 *   digest and survive a power cut.
 * - A blob is never visible before it is whole.
 * - Writing a key that stands leaves it as it is and succeeds.
 * - Memory does not grow with the size of a blob.
 *
 * @public
 */
export interface BlobStore {
  /**
   * Writes a blob.
   *
   * @returns whether these bytes were written; false when the key stood already,
   *   with bytes of which this call knows nothing
   * @throws InputError when the bytes are not what was promised; nothing is kept then
   */
  put(options: PutBlobOptions): Promise<{ created: boolean }>;

  /**
   * Opens the bytes of a blob. The memory of each chunk is the reader's, who may
   * give it to another thread: a store that keeps bytes in memory gives copies.
   *
   * @throws NotFoundError when there is no such blob
   */
  open(key: string, range?: ByteRange): Promise<Readable>;

  /**
   * Writes a blob, or a range of it, to a stream and does not end the stream.
   * A store has this where it is faster than `open`, e.g. because memory is
   * used again.
   *
   * @throws NotFoundError when there is no such blob
   */
  writeTo?(
    destination: Writable,
    key: string,
    range?: ByteRange,
  ): Promise<void>;

  /** What is known of a blob, or undefined when there is none. */
  stat(key: string): Promise<BlobStat | undefined>;

  /**
   * Succeeds when there is no such blob, too.
   *
   * @returns false when the key was written anew since the revision, and stands
   */
  delete(key: string, options?: DeleteBlobOptions): Promise<boolean>;

  /** All blobs whose key begins with the prefix, in no order. */
  list(prefix: string): AsyncIterable<{ key: string; size: number }>;

  /**
   * The rules by which the bucket deletes. Absent where there are none to be asked for.
   *
   * @returns undefined when the server knows no such rules
   * @throws NotAllowedError when the backend may not read them
   */
  rules?(): Promise<BucketRule[] | undefined>;

  /** How a large blob is sent in parts through the backend; absent where it goes direct. */
  readonly parts?: PartTransfer;

  /** Absent where all bytes have to pass through the backend. */
  readonly direct?: DirectTransfer;
}
