import { NotFoundError } from '@backstage/errors';
import {
  canonicalManifest,
  compareEntries,
  comparePaths,
  digestOf,
  Digest,
  EntryComparison,
  ManifestEntry,
  parsePage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobStore } from '@baseasset/backstage-plugin-asset-manager-node';
import { pageKey } from '../model/keys';
import type { PageRecord, Repository } from './ports';
import type { Stores } from './Stores';

/** Entries of pages that are kept in memory. */
export const CACHED_ENTRIES = 200_000;
const CACHED_PAGE_LISTS = 1000;

/** A page's digest, and where its text stands. */
type StoredPage = Pick<PageRecord, 'digest' | 'store'>;

/** The pages of a manifest, with the asset whose blobs they are. */
interface PagesOfAsset {
  uid: string;
  pages: readonly PageRecord[];
}

interface PageOfVersion {
  uid: string;
  versionId: number;
  position: number;
}

/** Reads manifests page by page, and keeps the pages that were read last. */
export class ManifestReader {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #cache = new Map<string, ManifestEntry[]>();
  #cachedEntries = 0;
  readonly #pageLists = new Map<number, PageRecord[]>();

  constructor(options: { repository: Repository; stores: Stores }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
  }

  /** The canonical text of the manifest. */
  async manifest(versionId: number): Promise<string> {
    return canonicalManifest(manifestOf(await this.#pages(versionId)));
  }

  /** The canonical text of a page. @throws NotFoundError when the manifest has fewer pages */
  async pageText(options: PageOfVersion): Promise<string> {
    return this.readText(options.uid, await this.#page(options));
  }

  /** The entries of a page. @throws NotFoundError when the manifest has fewer pages */
  async pageEntries(options: PageOfVersion): Promise<ManifestEntry[]> {
    return this.entries(options.uid, await this.#page(options));
  }

  /** The entries of a page that stands in the blob store. */
  async entries(uid: string, page: StoredPage): Promise<ManifestEntry[]> {
    const key = pageKey(uid, page.digest);
    const cached = this.#cache.get(key);
    if (cached) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return cached;
    }
    const entries = parsePage(await this.readText(uid, page));
    this.#cache.set(key, entries);
    this.#cachedEntries += entries.length;
    for (const [oldest, { length }] of this.#cache) {
      if (this.#cachedEntries <= CACHED_ENTRIES || oldest === key) break;
      this.#cache.delete(oldest);
      this.#cachedEntries -= length;
    }
    return entries;
  }

  /**
   * The entries of a version in order.
   *
   * @param options.from - the first path that may come
   * @param options.after - the last path that may not
   */
  async *walk(options: {
    uid: string;
    versionId: number;
    from?: string;
    after?: string;
  }): AsyncGenerator<ManifestEntry> {
    const { uid, versionId, from = '', after } = options;
    const pages = await this.#pages(versionId);
    for (const page of pages.slice(Math.max(0, pageOf(pages, after ?? from)))) {
      for (const entry of await this.entries(uid, page)) {
        if (comparePaths(entry.path, from) < 0) continue;
        if (after !== undefined && comparePaths(entry.path, after) <= 0)
          continue;
        yield entry;
      }
    }
  }

  /** The entry of a path, or undefined when the version has no such file. */
  async find(options: {
    uid: string;
    versionId: number;
    path: string;
  }): Promise<ManifestEntry | undefined> {
    const pages = await this.#pages(options.versionId);
    const page = pages[pageOf(pages, options.path)];
    if (!page) return undefined;
    const entries = await this.entries(options.uid, page);
    let low = 0;
    let high = entries.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = comparePaths(entries[middle].path, options.path);
      if (order === 0) return entries[middle];
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** What differs between two versions; pages that both have are not read. */
  async compare(
    from: PagesOfAsset,
    to: PagesOfAsset,
    options: { listed: number },
  ): Promise<EntryComparison> {
    const only = (side: PagesOfAsset, other: PagesOfAsset) => {
      const shared = new Set<Digest>(other.pages.map(page => page.digest));
      return side.pages.filter(page => !shared.has(page.digest));
    };
    const left = only(from, to);
    const right = only(to, from);
    const compared = await compareEntries(
      this.#entriesOf(from.uid, left),
      this.#entriesOf(to.uid, right),
      options,
    );
    const filesOf = (pages: readonly PageRecord[]) =>
      pages.reduce((sum, page) => sum + page.fileCount, 0);
    compared.counts.unchanged += filesOf(to.pages) - filesOf(right);
    return compared;
  }

  async *#entriesOf(
    uid: string,
    pages: readonly PageRecord[],
  ): AsyncGenerator<ManifestEntry> {
    for (const page of pages) yield* await this.entries(uid, page);
  }

  async #page({ versionId, position }: PageOfVersion): Promise<PageRecord> {
    const pages = await this.#pages(versionId);
    const page = pages[position];
    if (!page) {
      throw new NotFoundError(
        `the manifest has ${pages.length} pages, and none at ${position}`,
      );
    }
    return page;
  }

  /** The pages of a version, which never change. */
  async #pages(versionId: number): Promise<PageRecord[]> {
    const known = this.#pageLists.get(versionId);
    if (known) return known;
    const pages = await this.#repository.versions.pages(versionId);
    if (this.#pageLists.size >= CACHED_PAGE_LISTS) {
      const [oldest] = this.#pageLists.keys();
      this.#pageLists.delete(oldest);
    }
    this.#pageLists.set(versionId, pages);
    return pages;
  }

  /**
   * The text of a page, from another store where a copy stands when it is gone
   * from its own, or damaged there.
   *
   * @throws Error when no store has it
   */
  async readText(uid: string, page: StoredPage): Promise<string> {
    const { digest, store } = page;
    const others = this.#stores.names.filter(name => name !== store);
    let failure: unknown;
    for (const name of [store, ...others]) {
      try {
        return await readPage(this.#stores.get(name), uid, digest);
      } catch (error) {
        // What went wrong in its own store says most.
        failure ??= error;
      }
    }
    throw failure;
  }
}

/** That other bytes stand where the page of a manifest should. */
export class DamagedPageError extends Error {
  override readonly name = 'DamagedPageError';
}

/**
 * The text of a page as a store gives it.
 *
 * @throws NotFoundError when it does not stand there
 * @throws DamagedPageError when something else does
 */
export async function readPage(
  store: BlobStore,
  uid: string,
  digest: Digest,
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.open(pageKey(uid, digest)))
    chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (digestOf(text) !== digest) {
    throw new DamagedPageError(
      `the manifest page ${digest} is damaged in the blob store`,
    );
  }
  return text;
}

export function manifestOf(pages: readonly PageRecord[]) {
  return {
    fileCount: pages.reduce((sum, page) => sum + page.fileCount, 0),
    pages: pages.map(({ digest, fileCount, size }) => ({
      digest,
      fileCount,
      size,
    })),
    size: pages.reduce((sum, page) => sum + page.size, 0),
  };
}

/** The position of the page that holds a path if any does; -1 when it stands before all. */
function pageOf(pages: readonly PageRecord[], path: string): number {
  let low = 0;
  let high = pages.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (comparePaths(pages[middle].firstPath, path) <= 0) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}
