import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  ConflictError,
  isError,
  ServiceUnavailableError,
} from '@backstage/errors';
import {
  BLOCK_DIGEST_SIZE,
  countBlocks,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { blocksKey } from '../model/keys';
import type { BlobKeeper } from './BlobKeeper';
import type { BlobRecord } from './ports';
import type { Stores } from './Stores';

/** How long whoever asks first waits for them to be made, before being told to come back. */
const PATIENCE_MS = 5000;

/**
 * Keeps the digests of the blocks of large blobs beside them. They are made
 * when all bytes of a blob are read to verify it, or when somebody asks for
 * them, and can be made again at any time.
 */
export class BlockDigests {
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;
  readonly #logger: LoggerService;
  readonly #making = new Map<string, Promise<void>>();

  constructor(options: {
    stores: Stores;
    keeper: BlobKeeper;
    logger: LoggerService;
  }) {
    this.#stores = options.stores;
    this.#keeper = options.keeper;
    this.#logger = options.logger;
  }

  /**
   * The digests of some blocks of a blob, behind each other.
   *
   * @throws ServiceUnavailableError while they are being made
   * @throws ConflictError when the bytes are not those of the blob
   */
  async read(
    copy: BlobRecord,
    { first, count }: { first: number; count: number },
  ): Promise<Buffer> {
    const store = this.#stores.get(copy.store);
    const key = blocksKey(copy.key);
    const total = countBlocks(copy.size) * BLOCK_DIGEST_SIZE;
    if ((await store.stat(key))?.size !== total) await this.#make(copy);
    const chunks: Buffer[] = [];
    const range = {
      start: first * BLOCK_DIGEST_SIZE,
      end: Math.min(total, (first + count) * BLOCK_DIGEST_SIZE) - 1,
    };
    for await (const chunk of await store.open(key, range)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Keeps the digests of a blob that was just read, and was what it should be. */
  async save({ store, key }: BlobRecord, blocks: Buffer): Promise<void> {
    const target = this.#stores.get(store);
    const blob = {
      key: blocksKey(key),
      size: blocks.length,
      digest: `sha256:${createHash('sha256')
        .update(blocks)
        .digest('hex')}` as const,
    };
    const put = () => target.put({ ...blob, body: Readable.from([blocks]) });
    if ((await put()).created) return;
    if ((await this.#keeper.read({ store, key: blob.key })) === blob.digest)
      return;
    // Something else stands there, which can only be wrong.
    await target.delete(blob.key);
    await put();
  }

  async #make(copy: BlobRecord): Promise<void> {
    const id = `${copy.store} ${copy.key}`;
    // Nobody has read it yet, and the task that is about to makes them on its way.
    if (copy.state === 'received') {
      await pause(PATIENCE_MS);
      throw beingMade();
    }
    let making = this.#making.get(id);
    if (!making) {
      making = this.#readAll(copy).finally(() => this.#making.delete(id));
      // Whoever has stopped waiting by then finds out by asking again.
      making.catch(error =>
        this.#logger.warn(
          `the digests of the blocks of ${copy.digest} in '${copy.store}' could not be made`,
          isError(error) ? error : undefined,
        ),
      );
      this.#making.set(id, making);
    }
    const waiting = new AbortController();
    const late = pause(PATIENCE_MS, 'late', { signal: waiting.signal });
    late.catch(() => {});
    try {
      if ((await Promise.race([making, late])) === 'late') throw beingMade();
    } finally {
      waiting.abort();
    }
  }

  async #readAll(copy: BlobRecord): Promise<void> {
    const { digest, blocks } = await this.#keeper.readBlocks(copy);
    if (digest !== copy.digest)
      throw new ConflictError(
        `the bytes of ${copy.digest} are damaged where they are stored`,
      );
    await this.save(copy, blocks);
  }
}

function beingMade(): ServiceUnavailableError {
  return new ServiceUnavailableError(
    'the file is read for the first time, to make the digests of its blocks; ask again in a moment',
  );
}
