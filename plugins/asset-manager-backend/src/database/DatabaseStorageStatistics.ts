import type {
  StorageSample,
  StorageUsage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { NamespaceUsage, StorageStatistics } from '../services/ports';
import { toNumber } from './rows';

const SHOWN_DAYS = 100;

/** Sums over the blobs. What several assets link stands once in its store, and counts once. */
export class DatabaseStorageStatistics implements StorageStatistics {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async report() {
    const [byStore, byType, byOwner] = await Promise.all([
      this.#by('b.store'),
      this.#by('a.type'),
      this.#by('a.owner'),
    ]);
    const [logical] = await this.#knex('versions')
      .join('assets', 'assets.id', 'versions.asset_id')
      .whereNull('versions.purged_at')
      .whereNull('assets.purged_at')
      .sum({ bytes: 'versions.size' });
    const [condemned] = await this.#knex('condemned_blobs').count({
      count: '*',
    });
    const [uploads] = await this.#knex('uploads').count({ count: '*' });
    return {
      byStore,
      byType,
      byOwner,
      byNamespace: await this.#byNamespace(),
      trend: await this.#trend(),
      logicalBytes: toNumber(logical.bytes as number),
      storedBytes: byStore.reduce((sum, each) => sum + each.storedBytes, 0),
      condemned: { blobs: toNumber(condemned.count) },
      uploads: { open: toNumber(uploads.count) },
    };
  }

  async heldBytes(namespace: string): Promise<number> {
    const [usage] = await this.#byNamespace(namespace);
    return usage?.heldBytes ?? 0;
  }

  async sample(day: string): Promise<void> {
    for (const { value, storedBytes, blobs } of await this.#by('b.store')) {
      await this.#knex('storage_samples')
        .insert({ day, store: value, stored_bytes: storedBytes, blobs })
        .onConflict(['day', 'store'])
        .merge();
    }
  }

  async #trend(): Promise<StorageSample[]> {
    const rows = await this.#knex('storage_samples')
      .whereIn(
        'day',
        this.#knex('storage_samples')
          .distinct('day')
          .orderBy('day', 'desc')
          .limit(SHOWN_DAYS),
      )
      .orderBy(['day', 'store']);
    return rows.map(row => ({
      day: row.day,
      store: row.store,
      storedBytes: toNumber(row.stored_bytes),
    }));
  }

  async #byNamespace(namespace?: string): Promise<NamespaceUsage[]> {
    const held = this.#knex('blobs')
      .join('assets', 'assets.id', 'blobs.asset_id')
      .whereNot('blobs.state', 'damaged')
      .groupBy('assets.namespace', 'blobs.asset_id', 'blobs.digest')
      .select('assets.namespace', 'blobs.asset_id')
      .max({ size: 'blobs.size' })
      .as('held');
    if (namespace !== undefined) held.where('assets.namespace', namespace);
    const rows = await this.#knex
      .from(held)
      .groupBy('namespace')
      .select('namespace')
      .countDistinct({ assets: 'asset_id' })
      .sum({ bytes: 'size' });
    return rows
      .map(row => ({
        namespace: String(row.namespace),
        assets: toNumber(row.assets),
        heldBytes: toNumber(row.bytes),
      }))
      .sort((x, y) => y.heldBytes - x.heldBytes);
  }

  async #by(column: string): Promise<StorageUsage[]> {
    // A blob belongs to the asset that has it longest; the others link it.
    const once = this.#knex('blobs')
      .whereNot({ state: 'damaged' })
      .groupBy('store', 'key', 'pack_offset')
      .select('store', 'key', 'pack_offset')
      .max({ size: 'size' })
      .min({ asset_id: 'asset_id' })
      .as('b');
    const rows = await this.#knex
      .from(once)
      .join('assets as a', 'a.id', 'b.asset_id')
      .groupBy(column)
      .select({ value: column })
      .count({ blobs: '*' })
      .countDistinct({ assets: 'b.asset_id' })
      .sum({ bytes: 'b.size' });
    return rows
      .map(row => ({
        value: String(row.value),
        assets: toNumber(row.assets),
        blobs: toNumber(row.blobs),
        storedBytes: toNumber(row.bytes),
      }))
      .sort((x, y) => y.storedBytes - x.storedBytes);
  }
}
