import {
  AssetFile,
  BLOCK_DIGEST_SIZE,
  BLOCK_SIZE,
  BlockRange,
  countBlocks,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { sha256BytesOf } from './checksum';
import { IntegrityError } from './IntegrityError';
import type { VersionReference } from './requests';

/** Digests that are fetched at once: those of half a GiB, which are 256 KiB. */
const WINDOW = 8192;
/** Windows that are kept. */
const KEPT = 64;

/** Verifies ranges of a large file by the digests of their blocks. */
export class BlockVerifier {
  readonly #client: AssetManagerClient;
  readonly #version: VersionReference;
  readonly #file: Pick<AssetFile, 'path' | 'size'>;
  readonly #windows = new Map<number, Promise<Uint8Array>>();

  constructor(options: {
    client: AssetManagerClient;
    version: VersionReference;
    file: Pick<AssetFile, 'path' | 'size'>;
  }) {
    this.#client = options.client;
    this.#version = options.version;
    this.#file = options.file;
  }

  /**
   * Has the digests of some blocks at hand.
   *
   * @param options.wait - false to be told by status 503 that the portal makes them
   */
  async load(
    { first, count }: BlockRange,
    options: { wait?: boolean } = {},
  ): Promise<void> {
    for (let at = windowOf(first); at <= windowOf(first + count - 1); at++)
      await this.#window(at, options);
  }

  /**
   * @param bytes - those of the blocks, all of them
   * @throws IntegrityError when a block is another one than it should be
   */
  async verify(blocks: BlockRange, bytes: Uint8Array): Promise<void> {
    await this.load(blocks);
    await Promise.all(
      Array.from({ length: blocks.count }, async (_, index) => {
        const number = blocks.first + index;
        const block = bytes.subarray(
          index * BLOCK_SIZE,
          Math.min((index + 1) * BLOCK_SIZE, blocks.end - blocks.start),
        );
        const found = await sha256BytesOf(block);
        const window = await this.#window(windowOf(number));
        const at = (number % WINDOW) * BLOCK_DIGEST_SIZE;
        if (found.some((byte, place) => byte !== window[at + place])) {
          throw new IntegrityError(
            `bytes ${number * BLOCK_SIZE} to ${
              number * BLOCK_SIZE + block.length
            } of ${JSON.stringify(
              this.#file.path,
            )} are not what they should be; an operator finds out where by: asset store check --read-data`,
          );
        }
      }),
    );
  }

  #window(
    index: number,
    options: { wait?: boolean } = {},
  ): Promise<Uint8Array> {
    let window = this.#windows.get(index);
    if (!window) {
      const first = index * WINDOW;
      window = this.#client.readBlockDigests(this.#version, this.#file.path, {
        first,
        count: Math.min(WINDOW, countBlocks(this.#file.size) - first),
        ...options,
      });
      this.#windows.set(index, window);
      window.catch(() => this.#windows.delete(index));
      const [oldest] = this.#windows.keys();
      if (this.#windows.size > KEPT) this.#windows.delete(oldest);
    }
    return window;
  }
}

function windowOf(block: number): number {
  return Math.floor(block / WINDOW);
}
