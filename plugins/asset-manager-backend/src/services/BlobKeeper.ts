import type { Readable } from 'node:stream';
import { ConflictError } from '@backstage/errors';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobDescriptor } from '@baseasset/backstage-plugin-asset-manager-node';
import { blocksKey, parseKey } from '../model/keys';
import { HashingThread } from '../hashing/HashingThread';
import { deletionTimes } from './deletionTimes';
import type { BlobRecord, Clock, Repository, StoredBlob } from './ports';
import type { Stores } from './Stores';

/** What was seen in a place of a store. */
export interface Found {
  stands: boolean;
  /** As the store calls this writing of the key, where it has a name for it. */
  revision?: string;
}

/** Sees to it that what counts as verified was read, and that damaged bytes go. */
export class BlobKeeper {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #now: Clock;
  readonly #deletionMs: number | undefined;
  readonly #thread = new HashingThread();

  constructor(options: {
    repository: Repository;
    stores: Stores;
    now: Clock;
    /** How long the deletion of one object may take. */
    deletionMs?: number;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#now = options.now;
    this.#deletionMs = options.deletionMs;
  }

  /** The digest of all bytes that stand in a place. @throws NotFoundError when there are none */
  async read(place: StoredBlob, signal?: AbortSignal): Promise<Digest> {
    const stream = await this.#stores.get(place.store).open(place.key);
    return (await this.#thread.hashStream(stream, { signal })).digest;
  }

  /** The same of a blob, which may stand in a pack, with the digests of its blocks. */
  async readBlocks(
    copy: BlobRecord,
    signal?: AbortSignal,
  ): Promise<{ digest: Digest; blocks: Buffer }> {
    const { size } = copy;
    const stream = await this.#stores.open(copy);
    const { digest, blocks } = await this.#thread.hashStream(stream, {
      size,
      signal,
    });
    return { digest, blocks: blocks! };
  }

  /**
   * Takes damaged bytes away, so that they can be sent again under the same key.
   * Until they are gone, nobody is told that they stand. A pack stays for the
   * other blobs in it.
   *
   * @param found - what stood there, where somebody looked before reading
   */
  async takeAway(
    copy: StoredBlob & Partial<Pick<BlobRecord, 'digest' | 'offset'>>,
    found?: Found,
  ): Promise<void> {
    const bad = found ?? (await this.lookAt(copy));
    const goes = await this.#repository.blobs.condemnDamaged(
      copy,
      deletionTimes(this.#now(), this.#deletionMs),
      copy.offset === undefined ? undefined : copy.digest,
    );
    if (!goes) return;
    await this.delete(copy, bad);
  }

  /** What stands in a place now. */
  async lookAt({ store, key }: StoredBlob): Promise<Found> {
    const stat = await this.#stores.get(store).stat(key);
    return { stands: stat !== undefined, revision: stat?.revision };
  }

  /**
   * Deletes what this process has the word to delete. A process that was held up
   * for so long that another one took over, and somebody wrote the key anew,
   * deletes nothing: it knows what it was to delete, and whether there was anything.
   *
   * @returns whether it is gone
   */
  async delete(
    copy: StoredBlob,
    { stands, revision }: Found,
  ): Promise<boolean> {
    const gone =
      !stands ||
      (await this.#stores.get(copy.store).delete(copy.key, { revision }));
    if (!gone) return false;
    // What a crash leaves here is an orphan, and found as such.
    if (parseKey(copy.key)?.kind === 'blob')
      await this.#stores.get(copy.store).delete(blocksKey(copy.key));
    await this.#repository.blobs.deleted(copy);
    return true;
  }

  /**
   * Writes a blob to a store. What stands there under its key already may have
   * been sent by anybody: it is read, and replaced when it is something else.
   */
  async write(
    store: string,
    blob: BlobDescriptor,
    open: () => Promise<Readable>,
  ): Promise<void> {
    const copy = { store, key: blob.key };
    await this.#repository.blobs.claim([copy]);
    const put = async () =>
      this.#stores.get(store).put({ ...blob, body: await open() });
    if ((await put()).created) return;
    if ((await this.read(copy)) === blob.digest) return;
    await this.takeAway(copy);
    if (!(await put()).created)
      throw new ConflictError(
        `somebody else is writing ${blob.digest} to '${store}'`,
      );
  }
}
