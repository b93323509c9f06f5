import {
  AssetFile,
  AssetName,
  BLOCK_SIZE,
  BlockRange,
  blocksAround,
  ByteSource,
  Digest,
  READ_WHOLE,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import type { AssetManagerError } from './AssetManagerError';
import { BlockVerifier } from './BlockVerifier';
import { sha256Of } from './checksum';
import { IntegrityError } from './IntegrityError';

/** Ranges up to this size, with the blocks at their ends, are read by the backend wherever they stand. Bytes. */
const SMALL = 1024 * 1024 + 2 * BLOCK_SIZE;

/** How long digests that could not be had are not asked for again. */
const PAUSE_MS = 10_000;

/** @public */
export interface RemoteByteSourceOptions {
  client: AssetManagerClient;
  version: AssetName & { selector: string };
  file: AssetFile;
  /**
   * Hears once that bytes are given which nobody could verify yet, because the
   * portal is reading a large file for the first time. When left out, reading
   * waits for it.
   */
  onUnverified?: () => void;
}

/**
 * A file of a version, read by ranges. What is read is verified: small files as
 * a whole, large ones by the digests of their blocks.
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
  readonly #blocks: BlockVerifier;
  readonly #onUnverified: (() => void) | undefined;
  #told = false;
  #askAgainAt = 0;
  #bucketIsClosed = false;

  constructor(options: RemoteByteSourceOptions) {
    const { file } = options;
    this.#client = options.client;
    this.#version = options.version;
    this.#path = file.path;
    this.#blocks = new BlockVerifier(options);
    this.#onUnverified = options.onUnverified;
    this.name = file.path.slice(file.path.lastIndexOf('/') + 1);
    this.size = file.size;
    this.mediaType = file.mediaType;
    this.digest = file.digest;
  }

  /** @throws IntegrityError when other bytes came than the file has */
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
    const end = Math.min(offset + length, this.size);
    if (end <= offset) return new Uint8Array(0);
    return this.size <= READ_WHOLE
      ? this.#readWhole({ start: offset, end }, options)
      : this.#readBlocks({ start: offset, end }, options);
  }

  async #readWhole(
    { start, end }: Bounds,
    options: { signal?: AbortSignal },
  ): Promise<Uint8Array> {
    const bytes = await this.#fetchVerified(
      { start: 0, end: this.size },
      async whole => {
        if ((await sha256Of(whole)) !== this.digest)
          throw new IntegrityError(
            `the bytes of ${JSON.stringify(
              this.#path,
            )} are not what they should be; an operator finds out where by: asset store check --read-data`,
          );
      },
      options,
    );
    return bytes.subarray(start, end);
  }

  async #readBlocks(
    { start, end }: Bounds,
    options: { signal?: AbortSignal },
  ): Promise<Uint8Array> {
    const blocks = blocksAround({ start, end }, this.size);
    // They are on their way while the bytes are.
    const loading = this.#loadDigests(blocks);
    loading.catch(() => {});
    const bytes = await this.#fetchVerified(
      blocks,
      async read => {
        if (await loading) await this.#blocks.verify(blocks, read);
        else this.#tell();
      },
      options,
    );
    return bytes.subarray(start - blocks.start, end - blocks.start);
  }

  /** @returns false when there are none for now, and whoever reads wants the bytes all the same */
  async #loadDigests(blocks: BlockRange): Promise<boolean> {
    if (this.#onUnverified === undefined) {
      await this.#blocks.load(blocks);
      return true;
    }
    if (Date.now() < this.#askAgainAt) return false;
    try {
      await this.#blocks.load(blocks, { wait: false });
      return true;
    } catch (error) {
      const { status } = error as Partial<AssetManagerError>;
      if (
        status === undefined ||
        (status > 0 && status < 500 && status !== 404)
      )
        throw error;
      this.#askAgainAt = Date.now() + PAUSE_MS;
      return false;
    }
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.#onUnverified?.();
  }

  /**
   * Asks once more when what came is not what it should be: for the copy in
   * another store, where there is one.
   */
  async #fetchVerified(
    bounds: Bounds,
    verify: (bytes: Uint8Array) => Promise<void>,
    options: { signal?: AbortSignal },
  ): Promise<Uint8Array> {
    let store: string | undefined;
    try {
      const first = await this.#fetch(bounds, options);
      store = first.store;
      await verify(first.bytes);
      return first.bytes;
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      const without = store ?? (await this.#storeOf(options));
      const second = await this.#fetch(bounds, { ...options, without });
      await verify(second.bytes);
      return second.bytes;
    }
  }

  /** The store that is read first; what came straight from a bucket does not say so. */
  async #storeOf(options: {
    signal?: AbortSignal;
  }): Promise<string | undefined> {
    return (
      await this.#fetch({ start: 0, end: 1 }, { ...options, via: 'backend' })
    ).store;
  }

  async #fetch(
    { start, end }: Bounds,
    options: { signal?: AbortSignal; via?: 'backend'; without?: string },
  ): Promise<{ bytes: Uint8Array; store?: string }> {
    const { signal, without } = options;
    const whole = start === 0 && end === this.size;
    const range = {
      signal,
      without,
      ...(whole ? {} : { start, end: end - 1 }),
    };
    const read = (how: { via?: 'backend'; attempts?: number }) =>
      this.#client
        .readFile(this.#version, this.#path, { ...range, ...how })
        .catch(error => {
          // The file has these bytes: what lacks them is a copy that was cut.
          if ((error as Partial<AssetManagerError>).status === 416)
            throw new IntegrityError(
              `a copy of ${JSON.stringify(this.#path)} lacks its end`,
            );
          throw error;
        });
    const throughBackend =
      options.via !== undefined ||
      without !== undefined ||
      // A detour to the bucket costs more than a small answer.
      end - start <= SMALL ||
      this.#bucketIsClosed;
    const response = await (throughBackend
      ? read({ via: 'backend' })
      : read({ attempts: 1 }).catch(error => {
          const { status } = error as Partial<AssetManagerError>;
          if (
            !(error instanceof IntegrityError) &&
            (status === undefined || status === 401)
          )
            throw error;
          // A bucket that does not let this page read it looks like a broken line.
          if (status === 0) this.#bucketIsClosed = true;
          return read({ via: 'backend' });
        }));
    const store = response.headers.get('asset-store') ?? undefined;
    const bytes = await response.arrayBuffer().then(
      buffer => new Uint8Array(buffer),
      error => {
        signal?.throwIfAborted();
        throw new IntegrityError(
          `the bytes of ${JSON.stringify(this.#path)} broke off: ${error}`,
        );
      },
    );
    if (bytes.length !== end - start)
      throw new IntegrityError(
        `${bytes.length} bytes came of ${JSON.stringify(this.#path)}, and not ${
          end - start
        }`,
      );
    return { bytes, store };
  }
}

/** Bytes from the file's begin; the end is excluded. */
interface Bounds {
  start: number;
  end: number;
}
