import { Readable } from 'node:stream';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import { blobKey, parseKey } from '../model/keys';
import type { BlobKeeper } from './BlobKeeper';
import type { StoredObject } from './fixityPorts';
import type { PackKeeper } from './PackKeeper';
import { sha256Of } from './packs';
import type { BlobRecord, Repository } from './ports';
import type { Stores } from './Stores';

/** Makes what is missing or damaged in a store whole again from another copy. */
export class ObjectHealer {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;
  readonly #packs: PackKeeper;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    keeper: BlobKeeper;
    packs: PackKeeper;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#keeper = options.keeper;
    this.#packs = options.packs;
    this.#logger = options.logger;
  }

  /**
   * Heals blobs of an object, and says of those that can't be healed that they
   * are damaged: nobody is sent to them any more, and they may be sent again.
   *
   * @returns those that were healed
   */
  async heal(
    object: StoredObject,
    bad: readonly BlobRecord[],
  ): Promise<Set<BlobRecord>> {
    if (await this.#healPack(object)) return new Set(bad);
    const healed = new Set<BlobRecord>();
    for (const blob of bad) {
      if (blob.state !== 'damaged') await this.#keeper.takeAway(blob);
      if (await this.#healBlob(blob)) healed.add(blob);
    }
    return healed;
  }

  /** Writes a whole pack anew, where the same one stands undamaged in another store. */
  async #healPack({ store, key }: StoredObject): Promise<boolean> {
    const parts = parseKey(key);
    if (parts?.kind !== 'pack') return false;
    for (const name of this.#stores.names) {
      const other = { store: name, key };
      if (name === store) continue;
      if (!(await this.#repository.blobs.isReferenced(other))) continue;
      try {
        // Read before anything is taken away: the pack has blobs that may be well.
        const bytes = await this.#packs.read(other);
        if (sha256Of(bytes) !== parts.digest) continue;
        await this.#keeper.write(
          store,
          { key, size: bytes.length, digest: parts.digest },
          async () => Readable.from([bytes]),
        );
        await this.#repository.objects.allVerified({ store, key });
        return true;
      } catch (error) {
        this.#failed(other.store, error);
      }
    }
    return false;
  }

  /** A blob of a pack that can't be healed as a whole stands by itself from then on. */
  async #healBlob(blob: BlobRecord): Promise<boolean> {
    const { digest, size, store } = blob;
    const key =
      blob.offset === undefined
        ? blob.key
        : blobKey(parseKey(blob.key)!.uid, digest);
    const sources = this.#stores.usable(
      await this.#repository.objects.copiesElsewhere(blob),
    );
    for (const source of sources) {
      try {
        if (source.store !== store || source.key !== key)
          await this.#keeper.write(store, { key, size, digest }, () =>
            this.#stores.open(source),
          );
        await this.#repository.objects.healed(blob, key);
        return true;
      } catch (error) {
        this.#failed(source.store, error);
      }
    }
    return false;
  }

  #failed(store: string, error: unknown): void {
    this.#logger.warn(
      `a copy in '${store}' could not be used to heal another`,
      isError(error) ? error : undefined,
    );
  }
}
