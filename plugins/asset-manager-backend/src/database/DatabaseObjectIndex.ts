import type {
  Digest,
  PlacedBlob,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { blobOfBlocks, pageKey, parseKey, uidOfRecord } from '../model/keys';
import type {
  ObjectIndex,
  StoredManifestPage,
  StoredObject,
} from '../services/fixityPorts';
import type { BlobRecord, StoredBlob } from '../services/ports';
import { BlobRow, toRecord } from './blobRows';
import { condemn, CondemnedRow, revive } from './condemned';
import { pagesInUse } from './pages';
import { inBatches, toNumber } from './rows';

/** The rows of all assets, seen from the objects in the stores. */
export class DatabaseObjectIndex implements ObjectIndex {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async count(stores: readonly string[]): Promise<number> {
    let count = 0;
    for (const store of stores) {
      const [row] = await this.#blobs()
        .where({ store })
        .countDistinct({ count: 'key' });
      count += toNumber(row.count);
    }
    return count;
  }

  async list(
    store: string,
    options: { after?: string; limit: number },
  ): Promise<StoredObject[]> {
    const { after = '', limit } = options;
    const keys: string[] = await this.#blobs()
      .where({ store })
      .where('key', '>', after)
      .distinct('key')
      .orderBy('key')
      .limit(limit)
      .pluck('key');
    const objects = new Map<string, StoredObject>();
    const rows = await this.#blobs()
      .where({ store })
      .whereIn('key', keys)
      // What a push left that never came to its end is nobody's loss.
      .whereNot(left => left.where({ state: 'damaged', published: false }))
      .orderBy(['key', 'digest', 'asset_id']);
    for (const row of rows) {
      const blob = toRecord(row);
      const object = objects.get(row.key);
      if (!object)
        objects.set(row.key, {
          store,
          key: row.key,
          blobs: [blob],
          assetId: toNumber(row.asset_id),
        });
      else if (object.blobs.at(-1)?.digest !== blob.digest)
        object.blobs.push(blob);
      // Of what several assets hold, one row says it; that it is damaged counts for all.
      else if (blob.state === 'damaged') object.blobs.splice(-1, 1, blob);
    }
    return [...objects.values()];
  }

  async pages(
    store: string,
    options: { after?: string; limit: number },
  ): Promise<StoredManifestPage[]> {
    const { after, limit } = options;
    const [uid = '', hex = ''] = after?.split('/pages/') ?? [];
    const rows = await this.#knex('version_pages')
      .join('versions', 'versions.id', 'version_pages.version_id')
      .join('assets', 'assets.id', 'versions.asset_id')
      .where('version_pages.store', store)
      .whereRaw('(assets.uid, version_pages.digest) > (?, ?)', [
        uid,
        `sha256:${hex}`,
      ])
      .distinct({
        uid: 'assets.uid',
        assetId: 'assets.id',
        digest: 'version_pages.digest',
      })
      .orderBy(['uid', 'digest'])
      .limit(limit);
    return rows.map(row => ({
      store,
      key: pageKey(row.uid, row.digest),
      digest: row.digest,
      assetId: toNumber(row.assetId),
    }));
  }

  async known(store: string, keys: readonly string[]): Promise<Set<string>> {
    const known = await pagesInUse(this.#knex, keys);
    // What tells of an asset belongs to it as long as the asset is known.
    const telling = new Map<string, string>();
    for (const key of keys) {
      const parts = parseKey(key);
      const uid = parts?.kind === 'version' ? parts.uid : uidOfRecord(key);
      if (uid !== undefined) telling.set(key, uid);
    }
    const ids = await this.assetIds([...new Set(telling.values())]);
    for (const [key, uid] of telling) if (ids.has(uid)) known.add(key);
    // The digests of its blocks stand as long as their blob does.
    const asked = new Set(keys.flatMap(key => [key, blobOfBlocks(key) ?? key]));
    for (const batch of inBatches([...asked], 500)) {
      const found: string[] = [
        ...(await this.#blobs()
          .where({ store })
          .whereIn('key', batch)
          .distinct('key')
          .pluck('key')),
        ...(await this.#knex<CondemnedRow>('condemned_blobs')
          .where({ store })
          .whereIn('key', batch)
          .pluck('key')),
      ];
      for (const key of found) known.add(key);
    }
    for (const key of keys) {
      const blob = blobOfBlocks(key);
      if (blob !== undefined && known.has(blob)) known.add(key);
    }
    return new Set(keys.filter(key => known.has(key)));
  }

  async copiesElsewhere(copy: BlobRecord): Promise<BlobRecord[]> {
    const rows = await this.#blobs()
      .where({ digest: copy.digest })
      .whereNot({ state: 'damaged' })
      .whereNot(place => place.where({ store: copy.store, key: copy.key }))
      .orderBy(['state', 'store', 'key'])
      .limit(50);
    // Those that were verified come first.
    return rows.map(toRecord).reverse();
  }

  async copiesOf(digests: readonly Digest[]) {
    const found = new Map<Digest, BlobRecord>();
    for (const batch of inBatches(digests, 500)) {
      const rows = await this.#blobs()
        .whereIn('digest', batch)
        .whereNot({ state: 'damaged' })
        .orderBy(['digest', 'state', 'store', 'key']);
      for (const row of rows) found.set(row.digest as Digest, toRecord(row));
    }
    return found;
  }

  async healed(
    copy: Pick<BlobRecord, 'digest' | 'store' | 'key'>,
    key: string,
  ): Promise<void> {
    const { digest, store, key: former } = copy;
    await this.#knex.transaction(async transaction => {
      await transaction<BlobRow>('blobs')
        .where({ digest, store, key: former, state: 'damaged' })
        .update({
          key,
          state: 'verified',
          ...(key !== former && { pack_offset: null }),
        });
      await revive(transaction, [{ store, key }]);
    });
  }

  async packVerified(
    { store, key }: StoredBlob,
    blobs: readonly PlacedBlob[],
  ): Promise<void> {
    await this.#knex.transaction(async transaction => {
      await transaction<BlobRow>('blobs')
        .where({ store, key })
        .update({ state: 'damaged' });
      for (const { digest, offset, size } of blobs)
        await transaction<BlobRow>('blobs')
          .where({ store, key, digest, size, pack_offset: offset })
          .update({ state: 'verified' });
      await revive(transaction, [{ store, key }]);
    });
  }

  async condemn(places: readonly StoredBlob[], at: string): Promise<void> {
    await condemn(this.#knex, places, at);
  }

  async assetIds(uids: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.#knex('assets')
      .whereIn('uid', [...uids])
      .select('uid', 'id');
    return new Map(rows.map(({ uid, id }) => [uid, toNumber(id)]));
  }

  async holders(digests: readonly Digest[]): Promise<number[]> {
    const holders = new Set<number>();
    for (const batch of inBatches(digests, 500)) {
      const ids = await this.#blobs()
        .whereIn('digest', batch)
        .distinct('asset_id')
        .pluck('asset_id');
      for (const id of ids) holders.add(toNumber(id));
    }
    return [...holders].sort((a, b) => a - b);
  }

  async keptAssets(options: {
    after: number;
    limit: number;
  }): Promise<number[]> {
    const ids = await this.#knex('assets')
      .where('id', '>', options.after)
      .whereNull('purged_at')
      .orderBy('id')
      .limit(options.limit)
      .pluck('id');
    return ids.map(toNumber);
  }

  async knownDigests(
    assetId: number,
    digests: readonly Digest[],
  ): Promise<Set<Digest>> {
    const known = new Set<Digest>();
    for (const batch of inBatches([...new Set(digests)], 500)) {
      const found = await this.#blobs()
        .where({ asset_id: assetId })
        .whereIn('digest', batch)
        .distinct('digest')
        .pluck('digest');
      for (const digest of found) known.add(digest as Digest);
    }
    return known;
  }

  async published(
    assetId: number,
    options: { after?: Digest; limit: number },
  ): Promise<BlobRecord[]> {
    const rows = await this.#blobs()
      .where({ asset_id: assetId, published: true })
      .where('digest', '>', options.after ?? '')
      .orderBy(['digest', 'store'])
      .limit(options.limit);
    return rows.map(toRecord);
  }

  async unpublish(assetId: number, digests: readonly Digest[]): Promise<void> {
    for (const batch of inBatches(digests, 500))
      await this.#blobs()
        .where({ asset_id: assetId })
        .whereIn('digest', batch)
        .update({ published: false });
  }

  #blobs() {
    return this.#knex<BlobRow>('blobs');
  }
}
