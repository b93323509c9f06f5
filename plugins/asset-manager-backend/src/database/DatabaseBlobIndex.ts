import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { BlobIndex, BlobRecord, Viewer } from '../services/ports';
import { inBatches, toNumber } from './rows';
import { whereVisible } from './visible';

interface BlobRow {
  asset_id: number | string;
  digest: string;
  size: number | string;
  state: string;
  published: boolean;
  key: string;
  created_at: string;
}

function toRecord(row: Pick<BlobRow, 'digest' | 'size' | 'key'>): BlobRecord {
  return {
    digest: row.digest as Digest,
    size: toNumber(row.size),
    key: row.key,
  };
}

export class DatabaseBlobIndex implements BlobIndex {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(
    assetId: number,
    digests: readonly Digest[],
  ): Promise<Map<Digest, BlobRecord>> {
    const found = new Map<Digest, BlobRecord>();
    for (const batch of inBatches(digests, 500)) {
      const rows = await this.#knex<BlobRow>('blobs')
        .where({ asset_id: assetId })
        .whereIn('digest', batch);
      for (const row of rows) found.set(row.digest as Digest, toRecord(row));
    }
    return found;
  }

  async findElsewhere(
    digests: readonly Digest[],
    viewer: Viewer,
  ): Promise<Map<Digest, BlobRecord>> {
    const found = new Map<Digest, BlobRecord>();
    for (const batch of inBatches(digests, 500)) {
      const query = this.#knex('blobs')
        .join('assets', 'assets.id', 'blobs.asset_id')
        .whereIn('blobs.digest', batch)
        .where('blobs.state', 'verified')
        // Bytes of an unfinished push are nobody's to read yet.
        .where('blobs.published', true)
        .select<BlobRow[]>('blobs.digest', 'blobs.size', 'blobs.key');
      whereVisible(query, viewer);
      for (const row of await query)
        found.set(row.digest as Digest, toRecord(row));
    }
    return found;
  }

  async add(
    assetId: number,
    blobs: readonly BlobRecord[],
    at: string,
  ): Promise<void> {
    for (const batch of inBatches(blobs, 100)) {
      await this.#knex<BlobRow>('blobs')
        .insert(
          batch.map(({ digest, size, key }) => ({
            asset_id: assetId,
            digest,
            size,
            state: 'verified',
            published: false,
            key,
            created_at: at,
          })),
        )
        .onConflict(['asset_id', 'digest'])
        .ignore();
    }
  }

  async publish(assetId: number, digests: readonly Digest[]): Promise<void> {
    for (const batch of inBatches([...new Set(digests)], 500)) {
      await this.#knex<BlobRow>('blobs')
        .where({ asset_id: assetId, published: false })
        .whereIn('digest', batch)
        .update({ published: true });
    }
  }
}
