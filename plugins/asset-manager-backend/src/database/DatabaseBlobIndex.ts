import type {
  Digest,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { BlobIndex, BlobRecord, Viewer } from '../services/ports';
import { inBatches, toNumber } from './rows';
import { whereVisible } from './visible';

interface BlobRow {
  asset_id: number | string;
  digest: string;
  store: string;
  size: number | string;
  state: string;
  published: boolean;
  key: string;
  created_at: string;
}

function byDigest(
  rows: readonly Pick<BlobRow, 'digest' | 'store' | 'size' | 'key' | 'state'>[],
  found: Map<Digest, BlobRecord[]>,
): void {
  for (const row of rows) {
    const record: BlobRecord = {
      digest: row.digest as Digest,
      store: row.store,
      size: toNumber(row.size),
      key: row.key,
      state: row.state as Verification,
    };
    const copies = found.get(record.digest);
    if (copies) copies.push(record);
    else found.set(record.digest, [record]);
  }
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
    for (const batch of inBatches(digests, 500)) {
      const rows = await this.#blobs()
        .where({ asset_id: assetId })
        .whereNot({ state: 'damaged' })
        .whereIn('digest', batch);
      byDigest(rows, found);
    }
    return found;
  }

  async findElsewhere(
    digests: readonly Digest[],
    viewer: Viewer,
  ): Promise<Map<Digest, BlobRecord[]>> {
    const found = new Map<Digest, BlobRecord[]>();
    for (const batch of inBatches(digests, 500)) {
      const query = this.#knex('blobs')
        .join('assets', 'assets.id', 'blobs.asset_id')
        .whereIn('blobs.digest', batch)
        .where('blobs.state', 'verified')
        // Bytes of an unfinished push are nobody's to read yet.
        .where('blobs.published', true)
        .distinct<BlobRow[]>(
          'blobs.digest',
          'blobs.store',
          'blobs.size',
          'blobs.key',
          'blobs.state',
        );
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
    for (const batch of inBatches(blobs, 100)) {
      await this.#blobs()
        .insert(
          batch.map(({ digest, store, size, key, state }) => ({
            asset_id: assetId,
            digest,
            store,
            size,
            state,
            published: false,
            key,
            created_at: at,
          })),
        )
        .onConflict(['asset_id', 'digest', 'store'])
        .merge(['size', 'state', 'key', 'created_at'])
        .where('blobs.state', 'damaged');
    }
  }

  async publish(assetId: number, digests: readonly Digest[]): Promise<void> {
    for (const batch of inBatches([...new Set(digests)], 500)) {
      await this.#blobs()
        .where({ asset_id: assetId, published: false })
        .whereIn('digest', batch)
        .update({ published: true });
    }
  }

  async setState(
    copy: Pick<BlobRecord, 'store' | 'key'>,
    state: Verification,
  ): Promise<void> {
    await this.#blobs()
      .where({ store: copy.store, key: copy.key })
      .update({ state });
  }

  #blobs() {
    return this.#knex<BlobRow>('blobs');
  }
}
