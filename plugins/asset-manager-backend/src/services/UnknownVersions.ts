import { parseKey, versionPrefix } from '../model/keys';
import type { Repository } from './ports';
import type { Stores } from './Stores';

/**
 * Tells of assets whose stores describe versions that the database does not
 * know, as after a backup was restored: nothing of them may be deleted before
 * somebody has rebuilt them. Asked once for each asset; for one run of a task.
 */
export class UnknownVersions {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #seen = new Map<string, Promise<boolean>>();

  constructor(options: { repository: Repository; stores: Stores }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
  }

  has(uid: string): Promise<boolean> {
    const seen = this.#seen.get(uid) ?? this.#look(uid);
    this.#seen.set(uid, seen);
    return seen;
  }

  async #look(uid: string): Promise<boolean> {
    const { objects, versions } = this.#repository;
    const id = (await objects.assetIds([uid])).get(uid);
    for (const name of this.#stores.names) {
      const store = this.#stores.get(name);
      for await (const { key } of store.list(versionPrefix(uid))) {
        const digest = parseKey(key)?.digest;
        if (digest === undefined) continue;
        if (id === undefined) return true;
        if ((await versions.byDigestPrefix(id, digest)).length === 0)
          return true;
      }
    }
    return false;
  }
}
