import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ConflictError } from '@backstage/errors';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobDescriptor } from '@baseasset/backstage-plugin-asset-manager-node';
import { deletionTimes } from './deletionTimes';
import type { BlobRecord, Clock, Repository, StoredBlob } from './ports';
import type { Stores } from './Stores';

/** Sees to it that what counts as verified was read, and that damaged bytes go. */
export class BlobKeeper {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #now: Clock;
  readonly #deletionMs: number | undefined;

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
    const hash = createHash('sha256');
    for await (const chunk of await this.#stores
      .get(place.store)
      .open(place.key)) {
      signal?.throwIfAborted();
      hash.update(chunk);
    }
    return `sha256:${hash.digest('hex')}`;
  }

  /**
   * Takes damaged bytes away, so that they can be sent again under the same key.
   * Until they are gone, nobody is told that they stand. A pack stays for the
   * other blobs in it.
   */
  async takeAway(
    copy: StoredBlob & Partial<Pick<BlobRecord, 'digest' | 'offset'>>,
  ): Promise<void> {
    const goes = await this.#repository.blobs.condemnDamaged(
      copy,
      deletionTimes(this.#now(), this.#deletionMs),
      copy.offset === undefined ? undefined : copy.digest,
    );
    if (!goes) return;
    await this.#stores.get(copy.store).delete(copy.key);
    await this.#repository.blobs.deleted(copy);
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
