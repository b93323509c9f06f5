import type { Bucket, File } from '@google-cloud/storage';
import { NotFoundError } from '@backstage/errors';
import {
  BlobStat,
  checkBlobKey,
  checkParts,
  DirectTransfer,
  PartsOfBlob,
  SignedRequest,
  SignGetOptions,
  SignPartOptions,
  SignPutOptions,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { isStatus } from './isStatus';

const PUT_SECONDS = 3600;
const GET_SECONDS = 300;
/** The bucket composes as many objects in one request. */
const COMPOSED_AT_ONCE = 32;
const HANDS = 16;

/**
 * Signs requests for a bucket of Google Cloud Storage. A large blob is sent as
 * objects of its own, one a part, which are composed in a tree: 32 into one, 32
 * of these into one, and so on. The parts are deleted once the blob stands.
 */
export class GcsTransfer implements DirectTransfer {
  readonly checksum = 'crc32c';
  readonly minPartSize = 1;
  readonly maxParts = 10_000;
  readonly #bucket: Bucket;
  readonly #blobs: string;
  readonly #parts: string;
  readonly #stat: (key: string) => Promise<BlobStat | undefined>;
  readonly #now: () => Date;

  constructor(options: {
    bucket: Bucket;
    /** What the names of blobs begin with. */
    blobs: string;
    /** What the names of parts begin with. */
    parts: string;
    stat: (key: string) => Promise<BlobStat | undefined>;
    now: () => Date;
  }) {
    this.#bucket = options.bucket;
    this.#blobs = options.blobs;
    this.#parts = options.parts;
    this.#stat = options.stat;
    this.#now = options.now;
  }

  async signPut(options: SignPutOptions): Promise<SignedRequest> {
    return this.#signPut(this.#blob(options.key), options.checksum);
  }

  /** Parts are found by the name of their session. */
  async beginParts(): Promise<string> {
    return 'composed';
  }

  async signPart(options: SignPartOptions): Promise<SignedRequest> {
    const { session, number, checksum } = options;
    return this.#signPut(
      this.#bucket.file(`${this.#folder(session)}${number}`),
      checksum,
    );
  }

  async receivedParts({
    session,
  }: Pick<PartsOfBlob, 'session'>): Promise<Map<number, number>> {
    const sizes = new Map<number, number>();
    for await (const { name, metadata } of this.#filesOf(session)) {
      const number = name.slice(name.lastIndexOf('/') + 1);
      if (/^\d+$/.test(number))
        sizes.set(Number(number), Number(metadata.size));
    }
    return sizes;
  }

  async completeParts(
    options: PartsOfBlob & { size: number; partCount: number },
  ): Promise<BlobStat> {
    const { session, key, size, partCount } = options;
    const standing = await this.#stat(key);
    if (standing) {
      await this.abortParts(options);
      return standing;
    }
    const sizes = await this.receivedParts({ session });
    let received = 0;
    for (let number = 0; number < partCount; number++)
      received += sizes.get(number) ?? 0;
    checkParts({ parts: sizes.size, partCount, received, size });
    await this.#compose(session, partCount, this.#blob(key));
    const made = await this.#stat(key);
    if (!made)
      throw new NotFoundError(
        'the parts are gone; the blob has to be sent again',
      );
    await this.abortParts(options);
    return made;
  }

  async abortParts({ session }: Pick<PartsOfBlob, 'session'>): Promise<void> {
    let batch: File[] = [];
    const remove = async () => {
      await Promise.all(
        batch.map(file => file.delete({ ignoreNotFound: true })),
      );
      batch = [];
    };
    for await (const file of this.#filesOf(session)) {
      batch.push(file);
      if (batch.length === HANDS) await remove();
    }
    await remove();
  }

  async signGet(options: SignGetOptions): Promise<SignedRequest> {
    const { key, fileName, range } = options;
    const expires = this.#in(GET_SECONDS);
    const headers: Record<string, string> = range
      ? { Range: `bytes=${range.start}-${range.end}` }
      : {};
    const [url] = await this.#blob(key).getSignedUrl({
      version: 'v4',
      action: 'read',
      extensionHeaders: headers,
      expires,
      accessibleAt: this.#now(),
      responseType: 'application/octet-stream',
      responseDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(
        fileName,
      )}`,
    });
    return {
      method: 'GET',
      url,
      headers,
      expiresAt: expires.toISOString(),
    };
  }

  async #signPut(file: File, checksum: string): Promise<SignedRequest> {
    const expires = this.#in(PUT_SECONDS);
    const headers = {
      'x-goog-hash': `crc32c=${checksum}`,
      'x-goog-if-generation-match': '0',
    };
    const [url] = await file.getSignedUrl({
      version: 'v4',
      action: 'write',
      expires,
      accessibleAt: this.#now(),
      extensionHeaders: { ...headers },
    });
    return { method: 'PUT', url, headers, expiresAt: expires.toISOString() };
  }

  async #compose(
    session: string,
    partCount: number,
    target: File,
  ): Promise<void> {
    const folder = this.#folder(session);
    target.metadata.contentType = 'application/octet-stream';
    try {
      let sources = Array.from({ length: partCount }, (_, number) =>
        this.#bucket.file(`${folder}${number}`),
      );
      for (let level = 1; sources.length > COMPOSED_AT_ONCE; level++)
        sources = await this.#composeLevel(sources, `${folder}level-${level}-`);
      await this.#bucket.combine(sources, target, { ifGenerationMatch: 0 });
    } catch (error) {
      // Made already, by another upload or by a try of ours whose answer was lost;
      // the parts may be deleted by the other under our hands.
      if (!isStatus(error, 404, 412)) throw error;
    }
  }

  async #composeLevel(sources: File[], prefix: string): Promise<File[]> {
    const composed: File[] = [];
    for (let at = 0; at < sources.length; at += COMPOSED_AT_ONCE) {
      const file = this.#bucket.file(`${prefix}${at}`);
      await this.#bucket.combine(
        sources.slice(at, at + COMPOSED_AT_ONCE),
        file,
      );
      composed.push(file);
    }
    return composed;
  }

  #filesOf(session: string): AsyncIterable<File> {
    return this.#bucket.getFilesStream({
      prefix: this.#folder(session),
    });
  }

  #folder(session: string): string {
    return `${this.#parts}${checkBlobKey(session)}/`;
  }

  #blob(key: string): File {
    return this.#bucket.file(`${this.#blobs}${checkBlobKey(key)}`);
  }

  #in(seconds: number): Date {
    return new Date(this.#now().getTime() + seconds * 1000);
  }
}
