import type { Readable } from 'node:stream';
import { ConflictError, isError } from '@backstage/errors';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobDescriptor } from '@baseasset/backstage-plugin-asset-manager-node';
import { blocksKey, parseKey } from '../model/keys';
import { HashingThread } from '../hashing/HashingThread';
import { DELETION_MS, deletionTimes } from './deletionTimes';
import type { BlobRecord, Clock, Repository, StoredBlob } from './ports';
import { StorePresence } from './StorePresence';
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
  readonly #deletionMs: number;
  readonly #presence: StorePresence;
  readonly #thread = new HashingThread();

  constructor(options: {
    repository: Repository;
    stores: Stores;
    now: Clock;
    /** How long the deletion of one object may take. */
    deletionMs?: number;
    /** Stores that are known to have lost everything. */
    emptied?: readonly string[];
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#now = options.now;
    this.#deletionMs = options.deletionMs ?? DELETION_MS;
    this.#presence = new StorePresence(options);
  }

  /** The digest of all bytes that stand in a place. @throws NotFoundError when there are none */
  async read(place: StoredBlob, signal?: AbortSignal): Promise<Digest> {
    const stream = await this.#stores.get(place.store).open(place.key);
    return (await this.#thread.hashStream(stream, { signal })).digest;
  }

  /**
   * Whether a blob, which may stand in a pack, is what its digest says. What has
   * bytes taken away reads twice: memory and lines err as well as disks.
   */
  async isRight(copy: BlobRecord, signal?: AbortSignal): Promise<boolean> {
    const look = async () => {
      try {
        const stream = await this.#stores.open(copy);
        const { digest } = await this.#thread.hashStream(stream, { signal });
        return digest === copy.digest;
      } catch (error) {
        if (isError(error) && error.name === 'NotFoundError') return false;
        throw error;
      }
    };
    return (await look()) || look();
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
   * @throws ServiceUnavailableError when nothing stands there, and nothing else in
   *   its store: that is none of the blob's faults
   */
  async takeAway(
    copy: StoredBlob & Partial<Pick<BlobRecord, 'digest' | 'offset'>>,
    found?: Found,
  ): Promise<void> {
    const bad = found ?? (await this.lookAt(copy));
    if (!bad.stands) await this.assertMissing(copy);
    const times = deletionTimes(this.#now(), this.#deletionMs);
    const goes = await this.#repository.blobs.condemnDamaged(
      copy,
      times,
      copy.offset === undefined ? undefined : copy.digest,
    );
    if (!goes) return;
    await this.delete(copy, bad, times.now);
  }

  /**
   * Asked before it is believed that something is missing where it should stand.
   *
   * @throws ServiceUnavailableError when nothing that is known stands in its store:
   *   that is not there as a whole
   */
  async assertMissing(place: StoredBlob): Promise<void> {
    await this.#presence.assertThere(place);
  }

  /** Deletes what stands in a place and nobody refers to: it is in the way of the right bytes. */
  async clear(copy: StoredBlob): Promise<void> {
    const { blobs, objects } = this.#repository;
    const found = await this.lookAt(copy);
    if (await blobs.isReferenced(copy)) return;
    const times = deletionTimes(this.#now(), this.#deletionMs);
    await objects.condemn([copy], times.now);
    // Somebody may have come to refer to it since.
    if (await blobs.beginDelete(copy, times))
      await this.delete(copy, found, times.now);
    else await blobs.pardon(copy);
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
   * Who writes the same bytes anew makes them the same revision in some stores, so it
   * looks whether it has the word still, and does not wait for longer than it holds.
   *
   * @param word - when the deletion began, as `beginDelete` was told
   * @returns whether it is gone
   */
  async delete(
    copy: StoredBlob,
    { stands, revision }: Found,
    word: string,
  ): Promise<boolean> {
    const { blobs } = this.#repository;
    if (!(await blobs.isDeleting(copy, word))) return false;
    const signal = AbortSignal.timeout(this.#deletionMs / 2);
    const store = this.#stores.get(copy.store);
    const gone =
      !stands || (await store.delete(copy.key, { revision, signal }));
    if (!gone) return false;
    // What a crash leaves here is an orphan, and found as such.
    if (parseKey(copy.key)?.kind === 'blob')
      await store.delete(blocksKey(copy.key), { signal });
    await blobs.deleted(copy, word);
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
    const found = await this.lookAt(copy);
    const { size, digest } = blob;
    if (await this.isRight({ ...copy, size, digest, state: 'received' }))
      return;
    await this.takeAway(copy, found);
    if (!(await put()).created)
      throw new ConflictError(
        `somebody else is writing ${blob.digest} to '${store}'`,
      );
    // Other assets may hold it as well.
    await this.#repository.objects.healed({ ...copy, digest }, copy.key);
  }
}
