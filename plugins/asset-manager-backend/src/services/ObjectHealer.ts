import { Readable } from 'node:stream';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import {
  Digest,
  digestOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { blobKey, parseKey } from '../model/keys';
import type { BlobKeeper } from './BlobKeeper';
import type { StoredObject } from './fixityPorts';
import type { PackKeeper } from './PackKeeper';
import { readPack } from './packs';
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
    const inPack = await this.#healPack(object);
    const healed = new Set<BlobRecord>();
    for (const blob of bad) {
      if (inPack && inPack.get(blob.digest) === blob.offset) {
        healed.add(blob);
        continue;
      }
      if (blob.state !== 'damaged' && !inPack)
        await this.#keeper.takeAway(blob);
      if (await this.#healBlob(blob)) healed.add(blob);
    }
    return healed;
  }

  /**
   * Writes a whole pack anew, where the same one stands undamaged in another store.
   *
   * @returns the offsets of the blobs that it really has; undefined when there is no such pack
   */
  async #healPack({
    store,
    key,
  }: StoredObject): Promise<Map<Digest, number> | undefined> {
    const parts = parseKey(key);
    if (parts?.kind !== 'pack') return undefined;
    for (const name of this.#stores.names) {
      const other = { store: name, key };
      if (name === store) continue;
      if (!(await this.#repository.blobs.isReferenced(other))) continue;
      try {
        // Read before anything is taken away: the pack has blobs that may be well.
        const bytes = await this.#packs.read(other);
        if (digestOf(bytes) !== parts.digest) continue;
        const blobs = readPack(bytes)
          .filter(({ intact }) => intact)
          .map(({ blob }) => blob);
        await this.#keeper.write(
          store,
          { key, size: bytes.length, digest: parts.digest },
          async () => Readable.from([bytes]),
        );
        // Its rows may promise what it never had.
        await this.#repository.objects.packVerified({ store, key }, blobs);
        return new Map(blobs.map(({ digest, offset }) => [digest, offset]));
      } catch (error) {
        this.#failed(other.store, error);
      }
    }
    return undefined;
  }

  /** A blob of a pack that can't be healed as a whole stands by itself from then on. */
  async #healBlob(blob: BlobRecord): Promise<boolean> {
    const { digest, size, store } = blob;
    // What was damaged or gone may be back, as after a volume was not mounted.
    if (blob.state === 'damaged' && (await this.#isBack(blob))) {
      await this.#repository.objects.healed(blob, blob.key);
      return true;
    }
    const key =
      blob.offset === undefined
        ? blob.key
        : blobKey(parseKey(blob.key)!.uid, digest);
    const sources = this.#stores.usable(
      await this.#repository.objects.copiesElsewhere(blob),
    );
    for (const source of sources) {
      try {
        // What stands in its place is believed only when somebody has read it.
        const isThere = source.store === store && source.key === key;
        if (!isThere || source.state !== 'verified')
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

  async #isBack(blob: BlobRecord): Promise<boolean> {
    try {
      return await this.#keeper.isRight(blob);
    } catch (error) {
      // A store that does not answer says nothing, and what is cut has no such range.
      this.#failed(blob.store, error);
      return false;
    }
  }

  #failed(store: string, error: unknown): void {
    this.#logger.warn(
      `a copy in '${store}' could not be used to heal another`,
      isError(error) ? error : undefined,
    );
  }
}
