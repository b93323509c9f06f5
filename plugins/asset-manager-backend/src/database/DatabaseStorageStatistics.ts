import type {
  StorageReport,
  StorageUsage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { StorageStatistics } from '../services/ports';
import { toNumber } from './rows';

/** Sums over the blobs. What several assets link stands once in its store, and counts once. */
export class DatabaseStorageStatistics implements StorageStatistics {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async report(): Promise<StorageReport> {
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
      logicalBytes: toNumber(logical.bytes as number),
      storedBytes: byStore.reduce((sum, each) => sum + each.storedBytes, 0),
      condemned: { blobs: toNumber(condemned.count) },
      uploads: { open: toNumber(uploads.count) },
    };
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
