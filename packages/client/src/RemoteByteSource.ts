import type {
  AssetFile,
  AssetName,
  ByteSource,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import type { AssetManagerError } from './AssetManagerError';

/** Ranges up to this size are read by the backend wherever they stand. Bytes. */
const SMALL = 1024 * 1024;

/**
 * A file of a version, read by ranges.
 *
 * @public
 */
export class RemoteByteSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly mediaType: string;
  readonly digest: Digest;
  readonly #client: AssetManagerClient;
  readonly #version: AssetName & { selector: string };
  readonly #path: string;
  #bucketIsClosed = false;

  constructor(options: {
    client: AssetManagerClient;
    version: AssetName & { selector: string };
    file: AssetFile;
  }) {
    const { file } = options;
    this.#client = options.client;
    this.#version = options.version;
    this.#path = file.path;
    this.name = file.path.slice(file.path.lastIndexOf('/') + 1);
    this.size = file.size;
    this.mediaType = file.mediaType;
    this.digest = file.digest;
  }

  async read(
    offset: number,
    length: number,
    options: { signal?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    if (offset < 0 || offset > this.size) {
      throw new RangeError(
        `byte ${offset} lies past the ${this.size} bytes of ${this.name}`,
      );
    }
    const end = Math.min(offset + length, this.size) - 1;
    if (end < offset) return new Uint8Array(0);
    const whole = offset === 0 && end === this.size - 1;
    const range = {
      signal: options.signal,
      ...(whole ? {} : { start: offset, end }),
    };
    const read = (how: { via?: 'backend'; attempts?: number }) =>
      this.#client.readFile(this.#version, this.#path, { ...range, ...how });
    // A detour to the bucket costs more than a small answer.
    const response = await (length <= SMALL || this.#bucketIsClosed
      ? read({ via: 'backend' })
      : read({ attempts: 1 }).catch(error => {
          const { status } = error as Partial<AssetManagerError>;
          if (status === undefined || status === 401 || status === 416)
            throw error;
          // A bucket that does not let this page read it looks like a broken line.
          if (status === 0) this.#bucketIsClosed = true;
          return read({ via: 'backend' });
        }));
    return new Uint8Array(await response.arrayBuffer());
  }
}
