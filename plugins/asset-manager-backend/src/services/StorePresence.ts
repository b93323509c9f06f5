import { ServiceUnavailableError } from '@backstage/errors';
import type { Repository, StoredBlob } from './ports';
import type { Stores } from './Stores';

/** Places in the order of all keys at which some objects are looked for. */
const PLACES = ['', '2', '4', '6', '8', 'a', 'c', 'e'];
const AT_EACH_PLACE = 3;
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
  readonly #seen = new Map<string, { at: number; isThere: Promise<boolean> }>();

  constructor(options: { repository: Repository; stores: Stores }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
  }

  /**
   * Asked before it is believed that something is missing in a store.
   *
   * @throws ServiceUnavailableError when nothing stands there of what is known of it
   */
  async assertThere({ store, key }: StoredBlob): Promise<void> {
    const now = Date.now();
    let seen = this.#seen.get(store);
    if (!seen || now - seen.at > HOLDS_MS) {
      seen = { at: now, isThere: this.#look(store, key) };
      this.#seen.set(store, seen);
    }
    if (await seen.isThere) return;
    throw new ServiceUnavailableError(
      `nothing stands in the store '${store}' of what should; is its volume mounted, and its bucket the right one? What is missing there is not judged`,
    );
  }

  async #look(store: string, missing: string): Promise<boolean> {
    const { objects } = this.#repository;
    const keys = new Set<string>();
    for (const after of PLACES) {
      const options = { after, limit: AT_EACH_PLACE };
      for (const list of [
        await objects.list(store, options),
        await objects.pages(store, options),
      ])
        for (const { key } of list) keys.add(key);
    }
    keys.delete(missing);
    for (const key of keys)
      if (await this.#stores.get(store).stat(key)) return true;
    // Where nothing else should stand, nothing can tell.
    return keys.size === 0;
  }
}
