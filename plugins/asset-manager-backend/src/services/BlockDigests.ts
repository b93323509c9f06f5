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
/** Blobs that are read at once to make them. */
const HANDS = 2;
/** What failed is not tried again for this long: it takes reading a whole file. */
const FAILED_MS = 5 * 60_000;
/** Objects that this process has found to be what they should be are looked at again after so long. */
const RIGHT_MS = 10 * 60_000;
const REMEMBERED = 10_000;

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function beingMade(): ServiceUnavailableError {
  return new ServiceUnavailableError(
    'the file is read for the first time, to make the digests of its blocks; ask again in a moment',
  );
}

interface Blocks {
  /** The number of the first one, from 0. */
  first: number;
  count: number;
}

/**
 * Keeps the digests of the blocks of large blobs beside them, with a digest of
 * them all at the end. They are made when all bytes of a blob are read to verify
 * it, or when somebody asks for them, and can be made again at any time.
 */
export class BlockDigests {
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;
  readonly #logger: LoggerService;
  readonly #making = new Map<string, Promise<void>>();
  readonly #failed = new Map<string, { at: number; error: unknown }>();
  /** When they were found to be right. */
  readonly #right = new Map<string, number>();
  #hands = HANDS;
  readonly #queue: (() => void)[] = [];

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
   * @param options.wait - false to hear at once that they are being made
   * @throws ServiceUnavailableError while they are being made
   * @throws ConflictError when the bytes are not those of the blob
   */
  async read(
    copy: BlobRecord,
    wanted: Blocks,
    options: { wait?: boolean } = {},
  ): Promise<Buffer> {
    // A pack is small, and its blobs have none kept beside it.
    if (copy.offset !== undefined)
      return sliceOf(await this.#readWhole(copy), wanted);
    const id = `${copy.store} ${copy.key}`;
    if (!(await this.#stand(id, copy)))
      await this.#make(id, copy, options.wait ?? true);
    const end = Math.min(countBlocks(copy.size), wanted.first + wanted.count);
    return this.#bytes(copy, {
      start: wanted.first * BLOCK_DIGEST_SIZE,
      end: end * BLOCK_DIGEST_SIZE - 1,
    });
  }

  /** Keeps the digests of a blob that was just read, and was what it should be. */
  async save({ store, key }: BlobRecord, blocks: Buffer): Promise<void> {
    const target = this.#stores.get(store);
    const bytes = Buffer.concat([blocks, sha256(blocks)]);
    const blob = {
      key: blocksKey(key),
      size: bytes.length,
      digest: `sha256:${sha256(bytes).toString('hex')}` as const,
    };
    const put = () => target.put({ ...blob, body: Readable.from([bytes]) });
    if ((await put()).created) return;
    if ((await this.#keeper.read({ store, key: blob.key })) === blob.digest)
      return;
    // Something else stands there, which can only be wrong.
    await target.delete(blob.key);
    await put();
  }

  /** Whether they stand, and are what they were when they were made. */
  async #stand(id: string, copy: BlobRecord): Promise<boolean> {
    const size = (countBlocks(copy.size) + 1) * BLOCK_DIGEST_SIZE;
    const stat = await this.#stores.get(copy.store).stat(blocksKey(copy.key));
    if (stat?.size !== size) return false;
    if (Date.now() - (this.#right.get(id) ?? 0) < RIGHT_MS) return true;
    const bytes = await this.#bytes(copy);
    const blocks = bytes.subarray(0, -BLOCK_DIGEST_SIZE);
    if (!sha256(blocks).equals(bytes.subarray(-BLOCK_DIGEST_SIZE)))
      return false;
    if (this.#right.size >= REMEMBERED) this.#right.clear();
    this.#right.set(id, Date.now());
    return true;
  }

  async #bytes(
    { store, key }: BlobRecord,
    range?: { start: number; end: number },
  ): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#stores
      .get(store)
      .open(blocksKey(key), range))
      chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async #readWhole(copy: BlobRecord): Promise<Buffer> {
    const { digest, blocks } = await this.#keeper.readBlocks(copy);
    if (digest !== copy.digest) throw damaged(copy);
    return blocks;
  }

  async #make(id: string, copy: BlobRecord, wait: boolean): Promise<void> {
    // Nobody has read it yet, and the task that is about to makes them on its way.
    if (copy.state === 'received') {
      if (wait) await pause(PATIENCE_MS);
      throw beingMade();
    }
    const failed = this.#failed.get(id);
    if (failed && Date.now() - failed.at < FAILED_MS) throw failed.error;
    this.#failed.delete(id);
    let making = this.#making.get(id);
    if (!making) {
      making = this.#readAll(id, copy).finally(() => this.#making.delete(id));
      // Whoever has stopped waiting by then finds out by asking again.
      making.catch(error => {
        this.#failed.set(id, { at: Date.now(), error });
        this.#logger.warn(
          `the digests of the blocks of ${copy.digest} in '${copy.store}' could not be made`,
          isError(error) ? error : undefined,
        );
      });
      this.#making.set(id, making);
    }
    if (!wait) throw beingMade();
    const waiting = new AbortController();
    const late = pause(PATIENCE_MS, 'late', { signal: waiting.signal });
    late.catch(() => {});
    try {
      if ((await Promise.race([making, late])) === 'late') throw beingMade();
    } finally {
      waiting.abort();
    }
  }

  async #readAll(id: string, copy: BlobRecord): Promise<void> {
    if (this.#hands > 0) this.#hands--;
    else await new Promise<void>(resolve => this.#queue.push(resolve));
    try {
      const blocks = await this.#readWhole(copy);
      this.#right.delete(id);
      await this.save(copy, blocks);
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#hands++;
    }
  }
}

function damaged({ digest }: BlobRecord): ConflictError {
  return new ConflictError(
    `the bytes of ${digest} are damaged where they are stored; who pushes them again mends the version`,
  );
}

function sliceOf(blocks: Buffer, { first, count }: Blocks): Buffer {
  return blocks.subarray(
    first * BLOCK_DIGEST_SIZE,
    (first + count) * BLOCK_DIGEST_SIZE,
  );
}
