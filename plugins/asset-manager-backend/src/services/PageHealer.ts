import { Readable } from 'node:stream';
import { isError } from '@backstage/errors';
import { parseKey } from '../model/keys';
import type { BlobKeeper } from './BlobKeeper';
import type { StoredManifestPage } from './fixityPorts';
import { readPage } from './ManifestReader';
import type { Repository } from './ports';
import type { Stores } from './Stores';

/** Looks whether a page of a manifest is what it should be, and makes it whole from another store. */
export class PageHealer {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    keeper: BlobKeeper;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#keeper = options.keeper;
  }

  /**
   * @param reads - whether its text is read and hashed
   * @returns undefined when all is well
   */
  async problemOf(
    page: StoredManifestPage,
    reads: boolean,
  ): Promise<'missing' | 'damaged' | undefined> {
    const stat = await this.#stores.get(page.store).stat(page.key);
    if (!stat) {
      await this.#keeper.assertMissing(page);
      return 'missing';
    }
    if (!reads || (await this.#textIn(page.store, page)) !== undefined)
      return undefined;
    // What takes bytes away looks twice.
    return (await this.#textIn(page.store, page)) === undefined
      ? 'damaged'
      : undefined;
  }

  /** @returns whether another store had it */
  async heal(page: StoredManifestPage): Promise<boolean> {
    const { store, key, digest } = page;
    for (const name of this.#stores.names) {
      if (name === store) continue;
      const text = await this.#textIn(name, page);
      if (text === undefined) continue;
      const bytes = Buffer.from(text);
      const target = this.#stores.get(store);
      await this.#repository.blobs.claim([{ store, key }]);
      await target.delete(key);
      await target.put({
        key,
        size: bytes.length,
        digest,
        body: Readable.from([bytes]),
      });
      return true;
    }
    return false;
  }

  /** The text as it should be; undefined when something else stands there, or nothing. */
  async #textIn(
    store: string,
    { key, digest }: StoredManifestPage,
  ): Promise<string | undefined> {
    try {
      return await readPage(
        this.#stores.get(store),
        parseKey(key)!.uid,
        digest,
      );
    } catch (error) {
      if (!isError(error)) throw error;
      // A store that does not answer says nothing about the page.
      if (error.name !== 'NotFoundError' && error.name !== 'DamagedPageError')
        throw error;
      return undefined;
    }
  }
}
