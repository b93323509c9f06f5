import {
  Digest,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { blobKey } from '../model/keys';
import type { BlobKeeper } from './BlobKeeper';
import type { FixityFindingRecord } from './fixityPorts';
import { HeldBlobs } from './HeldBlobs';
import type { ManifestReader } from './ManifestReader';
import type { AssetRecord, BlobRecord, Clock, Repository } from './ports';
import type { Stores } from './Stores';

/** Rows that are compared with the manifests of an asset at once. */
const ROWS = 200_000;

/** Compares what the manifests of an asset need with what its rows say, both ways. */
export class RowChecker {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #manifests: ManifestReader;
  readonly #heldBlobs: HeldBlobs;
  readonly #keeper: BlobKeeper;
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    manifests: ManifestReader;
    heldBlobs: HeldBlobs;
    keeper: BlobKeeper;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#manifests = options.manifests;
    this.#heldBlobs = options.heldBlobs;
    this.#keeper = options.keeper;
    this.#now = options.now;
  }

  /**
   * Finds files of versions that no row knows of, and brings the row back where
   * the bytes stand in their place.
   *
   * @throws Error when the page of a manifest can't be read
   */
  async *findMissing(assetId: number): AsyncGenerator<FixityFindingRecord> {
    const asset = await this.#repository.assets.byId(assetId);
    for (const id of await this.#repository.versions.keptIds(assetId)) {
      for (const page of await this.#repository.versions.pages(id)) {
        const entries = await this.#manifests.entries(asset.uid, page);
        const known = await this.#repository.objects.knownDigests(
          assetId,
          entries.map(({ digest }) => digest),
        );
        for (const entry of entries) {
          if (known.has(entry.digest)) continue;
          known.add(entry.digest);
          yield this.#bringRow(asset, entry, page.store);
        }
      }
    }
  }

  async #bringRow(
    asset: AssetRecord,
    { digest, size }: ManifestEntry,
    home: string,
  ): Promise<FixityFindingRecord> {
    const key = blobKey(asset.uid, digest);
    const found = {
      key,
      digest,
      size,
      assetId: asset.id,
      problem: 'missing',
    } as const;
    for (const store of this.#stores.names) {
      const place = { store, key };
      if (!(await this.#stores.get(store).stat(key))) continue;
      await this.#repository.blobs.claim([place]);
      if ((await this.#keeper.read(place)) !== digest) continue;
      const row: BlobRecord = { ...place, digest, size, state: 'verified' };
      await this.#repository.blobs.add(asset.id, [row], this.#now());
      await this.#repository.blobs.publish(asset.id, [digest]);
      return { ...found, store, outcome: 'healed' };
    }
    return { ...found, store: home, outcome: 'lost' };
  }

  /**
   * Gives rows that no version needs, as a purge or an aborted copy leaves
   * them, to the collection.
   *
   * @throws Error when the page of a manifest can't be read; nothing is touched then
   */
  async *findUnneeded(assetId: number): AsyncGenerator<FixityFindingRecord[]> {
    let after: Digest | undefined;
    for (;;) {
      const rows = await this.#repository.objects.published(assetId, {
        after,
        limit: ROWS,
      });
      if (rows.length === 0) return;
      const seen = await this.#heldBlobs.among(
        assetId,
        new Set(rows.map(({ digest }) => digest)),
      );
      const unneeded = rows.filter(({ digest }) => !seen.held.has(digest));
      const given = await this.#repository.transaction(async repository => {
        await repository.assets.lock(assetId);
        const now = this.#now();
        if (!(await HeldBlobs.isComplete(repository, assetId, seen, now)))
          return false;
        await repository.objects.unpublish(
          assetId,
          unneeded.map(({ digest }) => digest),
        );
        return true;
      });
      if (given)
        yield unneeded.map(({ store, key, digest, size }) => ({
          store,
          key,
          digest,
          size,
          assetId,
          problem: 'unneeded',
          outcome: 'condemned',
        }));
      after = rows.at(-1)?.digest;
    }
  }
}
