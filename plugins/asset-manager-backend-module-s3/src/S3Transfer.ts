import {
  AbortMultipartUploadCommand,
  CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  ListPartsCommandOutput,
  Part,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
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
const CHECKSUM = 'x-amz-checksum-sha256';

/** Signs requests for an S3 bucket, and makes blobs of what they have brought. */
export class S3Transfer implements DirectTransfer {
  readonly checksum = 'sha256';
  readonly minPartSize = 5 * 1024 * 1024;
  readonly maxParts = 10_000;
  readonly #client: S3Client;
  readonly #composingClient: S3Client;
  readonly #signingClient: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #stat: (key: string) => Promise<BlobStat | undefined>;

  constructor(options: {
    client: S3Client;
    composingClient: S3Client;
    signingClient: S3Client;
    bucket: string;
    prefix: string;
    stat: (key: string) => Promise<BlobStat | undefined>;
  }) {
    this.#client = options.client;
    this.#composingClient = options.composingClient;
    this.#signingClient = options.signingClient;
    this.#bucket = options.bucket;
    this.#prefix = options.prefix;
    this.#stat = options.stat;
  }

  async signPut(options: SignPutOptions): Promise<SignedRequest> {
    const { key, checksum } = options;
    return this.#sign(
      new PutObjectCommand({
        ...this.#locate(key),
        ChecksumSHA256: checksum,
        IfNoneMatch: '*',
      }),
      { [CHECKSUM]: checksum, 'if-none-match': '*' },
    );
  }

  async beginParts(options: { key: string }): Promise<string> {
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({
        ...this.#locate(options.key),
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    if (!UploadId) throw new Error('the bucket gave no upload id');
    return UploadId;
  }

  async signPart(options: SignPartOptions): Promise<SignedRequest> {
    const { key, token, number, checksum } = options;
    return this.#sign(
      new UploadPartCommand({
        ...this.#locate(key),
        UploadId: token,
        PartNumber: number + 1,
        ChecksumSHA256: checksum,
      }),
      { [CHECKSUM]: checksum },
    );
  }

  async receivedParts(parts: PartsOfBlob): Promise<Map<number, number>> {
    const sizes = new Map<number, number>();
    try {
      for await (const { PartNumber = 1, Size = 0 } of this.#listParts(parts))
        sizes.set(PartNumber - 1, Size);
    } catch (error) {
      throw asGone(error);
    }
    return sizes;
  }

  async completeParts(
    options: PartsOfBlob & { size: number; partCount: number },
  ): Promise<BlobStat> {
    const { key, token, size, partCount } = options;
    const standing = await this.#stat(key);
    if (standing) {
      await this.abortParts(options);
      return standing;
    }
    const parts: CompletedPart[] = [];
    let received = 0;
    try {
      for await (const part of this.#listParts(options)) {
        const { PartNumber, ETag, ChecksumSHA256, Size = 0 } = part;
        parts.push({ PartNumber, ETag, ChecksumSHA256 });
        received += Size;
      }
    } catch (error) {
      throw asGone(error);
    }
    checkParts({ parts: parts.length, partCount, received, size });
    try {
      await this.#composingClient.send(
        new CompleteMultipartUploadCommand({
          ...this.#locate(key),
          UploadId: token,
          MultipartUpload: { Parts: parts },
          IfNoneMatch: '*',
        }),
      );
    } catch (error) {
      // Made already: by another upload, or by a try of ours whose answer was lost.
      if (!isStatus(error, 404, 409, 412)) throw error;
      await this.abortParts(options);
    }
    const made = await this.#stat(key);
    if (!made) throw gone();
    return made;
  }

  async abortParts(parts: PartsOfBlob): Promise<void> {
    try {
      await this.#client.send(
        new AbortMultipartUploadCommand({
          ...this.#locate(parts.key),
          UploadId: parts.token,
        }),
      );
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }

  async signGet(options: SignGetOptions): Promise<SignedRequest> {
    const { key, fileName, range } = options;
    const expiresAt = this.#in(GET_SECONDS);
    const headers: Record<string, string> = range
      ? { Range: `bytes=${range.start}-${range.end}` }
      : {};
    const url = await getSignedUrl(
      this.#signingClient,
      new GetObjectCommand({
        ...this.#locate(key),
        Range: headers.Range,
        ResponseContentType: 'application/octet-stream',
        ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(
          fileName,
        )}`,
      }),
      {
        expiresIn: GET_SECONDS,
        signingDate: this.#bucketTime(),
        signableHeaders: new Set(['host', 'range']),
      },
    );
    return { method: 'GET', url, headers, expiresAt };
  }

  async #sign(
    command: PutObjectCommand | UploadPartCommand,
    headers: Record<string, string>,
  ): Promise<SignedRequest> {
    const expiresAt = this.#in(PUT_SECONDS);
    // In the query a checksum or a condition would be signed, and heeded by nobody.
    const bound = new Set(Object.keys(headers));
    const url = await getSignedUrl(
      this.#signingClient,
      command as PutObjectCommand,
      {
        expiresIn: PUT_SECONDS,
        signingDate: this.#bucketTime(),
        unhoistableHeaders: bound,
        signableHeaders: new Set(['host', ...bound]),
      },
    );
    return { method: 'PUT', url, headers, expiresAt };
  }

  async *#listParts(parts: PartsOfBlob): AsyncGenerator<Part> {
    let marker: string | undefined;
    // The SDK's own paginator goes by the marker, which servers give on the last page, too.
    for (;;) {
      const page: ListPartsCommandOutput = await this.#client.send(
        new ListPartsCommand({
          ...this.#locate(parts.key),
          UploadId: parts.token,
          PartNumberMarker: marker,
        }),
      );
      yield* page.Parts ?? [];
      if (!page.IsTruncated || page.NextPartNumberMarker === marker) return;
      marker = page.NextPartNumberMarker;
    }
  }

  #in(seconds: number): string {
    return new Date(Date.now() + seconds * 1000).toISOString();
  }

  /**
   * The time as the bucket has it, as far as the client has heard: a signature
   * that is dated by a wrong clock would be refused.
   */
  #bucketTime(): Date {
    return new Date(Date.now() + (this.#client.config.systemClockOffset ?? 0));
  }

  #locate(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${checkBlobKey(key)}` };
  }
}

function gone(): NotFoundError {
  return new NotFoundError('the parts are gone; the blob has to be sent again');
}

/** An upload that was ended: by us, or by a rule of the bucket. */
function asGone(error: unknown): unknown {
  return isStatus(error, 404) ? gone() : error;
}
