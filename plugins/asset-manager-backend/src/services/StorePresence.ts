import { ServiceUnavailableError } from '@backstage/errors';
import type { Repository, StoredBlob } from './ports';
import type { Stores } from './Stores';

/** Assets of which some objects are looked for. */
const ASSETS = 8;
const OF_EACH = 3;
/** How long an answer holds. Milliseconds. */
const HOLDS_MS = 5000;

/**
 * Tells a store that has lost an object from one that is not there: a volume that
 * is not mounted, a bucket of another name. That one answers, too, and to
 * everything that nothing stands there.
 */
export class StorePresence {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #emptied: readonly string[];
  readonly #seen = new Map<string, { at: number; isThere: Promise<boolean> }>();

  /** @param options.emptied - stores that are there, and are known to have lost everything */
  constructor(options: {
    repository: Repository;
    stores: Stores;
    emptied?: readonly string[];
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#emptied = options.emptied ?? [];
  }

  /**
   * Asked before it is believed that something is missing in a store.
   *
   * @throws ServiceUnavailableError when nothing stands there of what is known of it
   */
  async assertThere({ store, key }: StoredBlob): Promise<void> {
    if (this.#emptied.includes(store)) return;
    const now = Date.now();
    let seen = this.#seen.get(store);
    if (!seen || now - seen.at > HOLDS_MS) {
      seen = { at: now, isThere: this.#look(store, key) };
      this.#seen.set(store, seen);
    }
    if (await seen.isThere) return;
    throw new ServiceUnavailableError(
      `nothing stands in the store '${store}' of what should; is its volume mounted, and its bucket the right one? What is missing there is not judged. If it has really lost everything, name it in assetManager.storage.emptied until a check has filled it from its copies`,
    );
  }

  async #look(store: string, missing: string): Promise<boolean> {
    const keys = await this.#someKeys(store);
    keys.delete(missing);
    for (const key of keys)
      if (await this.#stores.get(store).stat(key)) return true;
    // Where nothing else should stand, nothing can tell.
    return keys.size === 0;
  }

  /** What should stand in a store of several assets: one may have been deleted by hand. */
  async #someKeys(store: string): Promise<Set<string>> {
    const { objects } = this.#repository;
    const keys = new Set<string>();
    type Part = { after: string; limit: number };
    const listings = [
      (part: Part): Promise<StoredBlob[]> => objects.list(store, part),
      (part: Part): Promise<StoredBlob[]> => objects.pages(store, part),
    ];
    for (const list of listings) {
      const seen = new Set<string>();
      let after = '';
      while (seen.size < ASSETS) {
        const found = await list({ after, limit: OF_EACH });
        const uid = found[0]?.key.split('/')[0];
        if (uid === undefined || seen.has(uid)) break;
        seen.add(uid);
        for (const { key } of found) keys.add(key);
        // Behind all that an asset has: its keys go on with a slash.
        after = `${uid}0`;
      }
    }
    return keys;
  }
}
