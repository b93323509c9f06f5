import type {
  Digest,
  PlacedBlob,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { DeletionTimes } from '../services/deletionTimes';
import type {
  BlobIndex,
  BlobRecord,
  StoredBlob,
  Viewer,
} from '../services/ports';
import { whereAmong } from './among';
import { BlobRow, CopyRow, toRecord } from './blobRows';
import { condemn, CondemnedRow, revive } from './condemned';
import { pageInUse } from './pages';
import { inBatches, toNumber } from './rows';
import { whereVisible } from './visible';

/** Blobs that are asked for in one statement. */
const AT_ONCE = 5000;

function byDigest(
  rows: readonly CopyRow[],
  found: Map<Digest, BlobRecord[]>,
): void {
  for (const row of rows) {
    const record = toRecord(row);
    const copies = found.get(record.digest);
    if (copies) copies.push(record);
    else found.set(record.digest, [record]);
  }
}

/** Each copy once, and in the order in which everybody takes them: nobody waits for a circle of others. */
function inOneOrder(blobs: readonly BlobRecord[]): BlobRecord[] {
  const byName = new Map(
    blobs.map(blob => [`${blob.digest} ${blob.store}`, blob]),
  );
  return [...byName.keys()].sort().map(name => byName.get(name)!);
}

/** Begins to delete bytes. One at a time: a second one would delete what comes after the first. */
async function begin(
  transaction: Knex.Transaction,
  { store, key }: StoredBlob,
  times: DeletionTimes,
): Promise<boolean> {
  const begun = await transaction<CondemnedRow>('condemned_blobs')
    .where({ store, key })
    .where(either =>
      either
        .where({ deleting: false })
        .orWhere('condemned_at', '<', times.abandoned),
    )
    .update({ deleting: true, condemned_at: times.now });
  return begun > 0;
}

export class DatabaseBlobIndex implements BlobIndex {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(
    assetId: number,
    digests: readonly Digest[],
  ): Promise<Map<Digest, BlobRecord[]>> {
    const found = new Map<Digest, BlobRecord[]>();
    for (const batch of inBatches(digests, AT_ONCE)) {
      const query = this.#blobs()
        .where({ asset_id: assetId })
        .whereNot({ state: 'damaged' });
      whereAmong(query, 'digest', batch);
      byDigest(await query, found);
    }
    return found;
  }

  async findElsewhere(
    digests: readonly Digest[],
    viewer: Viewer,
  ): Promise<Map<Digest, BlobRecord[]>> {
    const found = new Map<Digest, BlobRecord[]>();
    for (const batch of inBatches(digests, AT_ONCE)) {
      const query = this.#knex('blobs')
        .join('assets', 'assets.id', 'blobs.asset_id')
        .where('blobs.state', 'verified')
        // Bytes of an unfinished push are nobody's to read yet.
        .where('blobs.published', true)
        .distinct<CopyRow[]>(
          'blobs.digest',
          'blobs.store',
          'blobs.size',
          'blobs.key',
          'blobs.pack_offset',
          'blobs.state',
        );
      whereAmong(query, 'blobs.digest', batch);
      whereVisible(query, viewer);
      byDigest(await query, found);
    }
    return found;
  }

  async add(
    assetId: number,
    blobs: readonly BlobRecord[],
    at: string,
  ): Promise<void> {
    if (blobs.length === 0) return;
    await this.#knex.transaction(async transaction => {
      for (const batch of inBatches(inOneOrder(blobs), 300)) {
        const rows = batch.map(blob => [
          assetId,
          blob.digest,
          blob.store,
          blob.size,
          blob.state,
          false,
          blob.key,
          blob.offset ?? null,
          at,
        ]);
        const marks = rows.map(row => `(${row.map(() => '?').join(', ')})`);
        // Knex would write SQLite's rows as a union of selects, which takes twice as long.
        await transaction.raw(
          `insert into blobs
             (asset_id, digest, store, size, state, published, "key", pack_offset, created_at)
           values ${marks.join(', ')}
           on conflict (asset_id, digest, store) do update set
             size = excluded.size, state = excluded.state, "key" = excluded."key",
             pack_offset = excluded.pack_offset, created_at = excluded.created_at
           where blobs.state = 'damaged'
             or (blobs.state = 'received' and excluded.state = 'verified')`,
          rows.flat() as Knex.RawBinding[],
        );
        await revive(transaction, batch);
      }
    });
  }

  async claim(copies: readonly StoredBlob[]): Promise<void> {
    for (const batch of inBatches(copies, AT_ONCE))
      await this.#knex.transaction(transaction => revive(transaction, batch));
  }

  async publish(assetId: number, digests: readonly Digest[]): Promise<void> {
    await this.#knex.transaction(async transaction => {
      const sorted = [...new Set(digests)].sort();
      for (const batch of inBatches(sorted, AT_ONCE)) {
        const those = () => {
          const query = transaction<BlobRow>('blobs').where({
            asset_id: assetId,
            published: false,
          });
          whereAmong(query, 'digest', batch);
          return query;
        };
        // In the order of `add`: nobody waits for a circle of others.
        if (transaction.client.config.client === 'pg')
          await those()
            .select('digest')
            .orderBy(['digest', 'store'])
            .forUpdate();
        await those().update({ published: true });
      }
    });
  }

  async setState(
    copy: Pick<BlobRecord, 'digest' | 'store' | 'key'>,
    state: Verification,
  ): Promise<void> {
    const { digest, store, key } = copy;
    await this.#blobs().where({ store, key, digest }).update({ state });
  }

  async inPack(pack: StoredBlob, assetId?: number): Promise<BlobRecord[]> {
    const { store, key } = pack;
    const query = this.#blobs()
      .where({ store, key })
      .whereNot({ state: 'damaged' })
      .orderBy(['pack_offset', 'asset_id']);
    if (assetId !== undefined)
      query.where({ asset_id: assetId, published: true });
    // Of what several assets hold, one row says it.
    const found = new Map<string, BlobRecord>();
    for (const row of await query) {
      if (!found.has(row.digest)) found.set(row.digest, toRecord(row));
    }
    return [...found.values()];
  }

  async repacked(
    from: StoredBlob,
    to: { key: string; blobs: readonly PlacedBlob[] },
    at: string,
  ): Promise<void> {
    const { store, key } = from;
    await this.#knex.transaction(async transaction => {
      for (const { digest, offset } of to.blobs)
        await transaction<BlobRow>('blobs')
          .where({ store, key, digest })
          .update({ key: to.key, pack_offset: offset });
      await revive(transaction, [{ store, key: to.key }]);
      await condemn(transaction, [from], at);
    });
  }

  async isReferenced({ store, key }: StoredBlob): Promise<boolean> {
    const row = await this.#blobs()
      .where({ store, key })
      .whereNot({ state: 'damaged' })
      .first();
    return row !== undefined;
  }

  async condemnDamaged(
    copy: StoredBlob,
    times: DeletionTimes,
    packed?: Digest,
  ): Promise<boolean> {
    const { store, key } = copy;
    return this.#knex.transaction(async transaction => {
      await transaction<BlobRow>('blobs')
        .where({ store, key, ...(packed && { digest: packed }) })
        .update({ state: 'damaged' });
      const whole = await transaction<BlobRow>('blobs')
        .where({ store, key })
        .whereNot({ state: 'damaged' })
        .first();
      if (whole) return false;
      await transaction<CondemnedRow>('condemned_blobs')
        .insert({ store, key, condemned_at: times.now, deleting: false })
        .onConflict(['store', 'key'])
        .ignore();
      return begin(transaction, copy, times);
    });
  }

  async outside(
    assetId: number,
    store: string,
  ): Promise<{ count: number; bytes: number }> {
    const [row] = await this.#lacking(assetId, store)
      .countDistinct({ count: 'digest' })
      .sum({ bytes: 'size' });
    return { count: toNumber(row.count), bytes: toNumber(row.bytes) };
  }

  async lackingIn(
    assetId: number,
    store: string,
    options: { after?: Digest; limit: number },
  ): Promise<BlobRecord[]> {
    const query = this.#lacking(assetId, store)
      .orderBy('digest')
      .limit(options.limit);
    if (options.after !== undefined) query.where('digest', '>', options.after);
    const found = new Map<Digest, BlobRecord[]>();
    byDigest((await query.select('*')) as BlobRow[], found);
    return [...found.values()].map(
      copies => copies.find(({ state }) => state === 'verified') ?? copies[0],
    );
  }

  async keepOnlyIn(assetId: number, store: string, at: string): Promise<void> {
    await this.#knex.transaction(async transaction => {
      const others = await transaction<BlobRow>('blobs')
        .where({ asset_id: assetId })
        .whereNot({ store })
        .whereIn(
          'digest',
          transaction<BlobRow>('blobs')
            .where({ asset_id: assetId, store, state: 'verified' })
            .select('digest'),
        )
        .select('store', 'key', 'digest');
      for (const { store: other, digest } of others)
        await transaction<BlobRow>('blobs')
          .where({ asset_id: assetId, store: other, digest })
          .delete();
      await condemn(transaction, others, at);
    });
  }

  async condemned(
    before: string,
    options: {
      abandoned: string;
      limit: number;
      offset: number;
      stores: readonly string[];
    },
  ): Promise<StoredBlob[]> {
    return this.#condemned()
      .where(either =>
        either
          .where({ deleting: false })
          .where('condemned_at', '<', before)
          // Whoever was deleting these has died.
          .orWhere(begun =>
            begun
              .where({ deleting: true })
              .where('condemned_at', '<', options.abandoned),
          ),
      )
      .whereIn('store', [...options.stores])
      .orderBy(['condemned_at', 'store', 'key'])
      .limit(options.limit)
      .offset(options.offset)
      .select('store', 'key');
  }

  async beginDelete(copy: StoredBlob, times: DeletionTimes): Promise<boolean> {
    const { store, key } = copy;
    return this.#knex.transaction(async transaction => {
      await transaction<CondemnedRow>('condemned_blobs')
        .where({ store, key })
        .forUpdate();
      const inUse = await transaction<BlobRow>('blobs')
        .where({ store, key })
        .whereNot({ state: 'damaged' })
        .first();
      if (inUse || (await pageInUse(transaction, copy))) return false;
      return begin(transaction, copy, times);
    });
  }

  async pardon(copy: StoredBlob): Promise<void> {
    const { store, key } = copy;
    await this.#condemned().where({ store, key, deleting: false }).delete();
  }

  async isDeleting({ store, key }: StoredBlob, begun: string) {
    const row = await this.#condemned()
      .where({ store, key, deleting: true, condemned_at: begun })
      .first();
    return row !== undefined;
  }

  async deleted({ store, key }: StoredBlob, begun: string): Promise<void> {
    await this.#condemned()
      .where({ store, key, deleting: true, condemned_at: begun })
      .delete();
  }

  async listCondemned(limit: number) {
    const rows = await this.#condemned()
      .orderBy(['condemned_at', 'store', 'key'])
      .limit(limit);
    return rows.map(({ store, key, condemned_at: condemnedAt }) => ({
      store,
      key,
      condemnedAt,
    }));
  }

  async listUnpublished(limit: number) {
    const rows = await this.#blobs()
      .where({ published: false })
      .orderBy(['created_at', 'asset_id', 'digest', 'store'])
      .limit(limit);
    return rows.map(row => ({
      ...toRecord(row),
      assetId: toNumber(row.asset_id),
      createdAt: row.created_at,
    }));
  }

  async assetsWithUnpublished(
    before: string,
    limit: number,
  ): Promise<number[]> {
    const rows = await this.#blobs()
      .where({ published: false })
      .where('created_at', '<', before)
      .distinct('asset_id')
      .orderBy('asset_id')
      .limit(limit);
    return rows.map(row => toNumber(row.asset_id));
  }

  async unpublished(
    assetId: number,
    before: string,
    limit: number,
  ): Promise<BlobRecord[]> {
    const rows = await this.#blobs()
      .where({ asset_id: assetId, published: false })
      .where('created_at', '<', before)
      .orderBy(['digest', 'store'])
      .limit(limit);
    return rows.map(toRecord);
  }

  async forget(
    assetId: number,
    digests: readonly Digest[] | undefined,
    at: string,
  ): Promise<void> {
    const forget = async (rows: () => Knex.QueryBuilder<BlobRow>) => {
      const gone: StoredBlob[] = await rows().select('store', 'key');
      await rows().delete();
      await condemn(this.#knex, gone, at);
    };
    const all = () => this.#blobs().where({ asset_id: assetId });
    if (!digests) await forget(all);
    for (const batch of inBatches(digests ?? [], 100))
      await forget(() => all().whereIn('digest', batch));
  }

  async forgetUnpublished(
    assetId: number,
    digests: readonly Digest[],
    at: string,
  ): Promise<void> {
    for (const batch of inBatches(digests, 100)) {
      const rows = await this.#blobs()
        .where({ asset_id: assetId, published: false })
        .whereIn('digest', batch)
        .select('store', 'key');
      await this.#blobs()
        .where({ asset_id: assetId, published: false })
        .whereIn('digest', batch)
        .delete();
      await condemn(this.#knex, rows, at);
    }
  }

  /** Unfinished pushes are left alone: their bytes are nobody's yet. */
  #lacking(assetId: number, store: string) {
    return this.#blobs()
      .where({ asset_id: assetId, published: true })
      .whereNot({ state: 'damaged' })
      .whereNotIn(
        'digest',
        this.#blobs()
          .where({ asset_id: assetId, store, state: 'verified' })
          .select('digest'),
      );
  }

  #condemned() {
    return this.#knex<CondemnedRow>('condemned_blobs');
  }

  #blobs() {
    return this.#knex<BlobRow>('blobs');
  }
}
