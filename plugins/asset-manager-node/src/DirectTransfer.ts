import type { PartChecksum } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobStat, ByteRange } from './BlobStore';

/**
 * A request that whoever holds it may make until it expires, without any other
 * credentials: it must never reach a log or an error.
 *
 * @public
 */
export interface SignedRequest {
  method: 'GET' | 'PUT';
  url: string;
  /** To be sent as they stand: they are bound into the signature. */
  headers: Record<string, string>;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/** @public */
export interface SignPutOptions {
  key: string;
  /** Bytes. */
  size: number;
  /** Base64, of the kind that the store asks for. */
  checksum: string;
}

/**
 * An unfinished blob that is sent in parts.
 *
 * @public
 */
export interface PartsOfBlob {
  /** Names it among its writers, in the grammar of a key. */
  session: string;
  key: string;
  /** What `beginParts` gave. */
  token: string;
}

/** @public */
export interface SignPartOptions extends PartsOfBlob {
  /** From 0. */
  number: number;
  /** Bytes. */
  size: number;
  /** Base64, of the kind that the store asks for. */
  checksum: string;
}

/** @public */
export interface SignGetOptions {
  key: string;
  /** What a browser that opens the address calls the file. */
  fileName: string;
  /** Bound into the signature: the request is of use for this range alone. */
  range?: ByteRange;
}

/**
 * How bytes go straight between a client and a bucket. The backend signs, and
 * sees none of them: what arrived this way is checked afterwards.
 *
 * Guarantees of every implementation:
 * - A signed request carries the checksum of its bytes; other bytes are refused.
 * - A request that creates what stands already is refused with 412, and leaves it.
 * - A blob is never visible before it is whole.
 * - No signed request lives longer than an hour for a PUT, five minutes for a GET.
 *
 * @public
 */
export interface DirectTransfer {
  /** The checksum that every PUT carries. */
  readonly checksum: PartChecksum;
  /** Bytes; the last part of a blob may be smaller. */
  readonly minPartSize: number;
  /** A blob has no more parts. */
  readonly maxParts: number;

  /** A PUT of a whole blob. */
  signPut(options: SignPutOptions): Promise<SignedRequest>;

  /** Begins a blob in parts. @returns what the store wants to hear again with each */
  beginParts(options: { session: string; key: string }): Promise<string>;

  signPart(options: SignPartOptions): Promise<SignedRequest>;

  /**
   * The sizes in bytes of the parts that have arrived, by their numbers.
   *
   * @throws NotFoundError when the bucket has forgotten all of them
   */
  receivedParts(parts: PartsOfBlob): Promise<Map<number, number>>;

  /**
   * Makes the blob of its parts; succeeds when it stands already.
   *
   * @throws ConflictError when parts are missing
   * @throws InputError when they have another size than was promised
   * @throws NotFoundError when the bucket has forgotten all of them
   */
  completeParts(
    options: PartsOfBlob & { size: number; partCount: number },
  ): Promise<BlobStat>;

  /** Forgets the parts; succeeds when there are none. */
  abortParts(parts: PartsOfBlob): Promise<void>;

  signGet(options: SignGetOptions): Promise<SignedRequest>;
}
