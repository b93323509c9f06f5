import type {
  AssetTypeSource,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type {
  AssetTypeRecord,
  AssetTypeStore,
} from '../services/assetTypePorts';
import { orUndefined } from './rows';

interface AssetTypeRow {
  name: string;
  revision: number;
  digest: string;
  document: string;
  text: string;
  source: string;
  reason: string | null;
  drafted_by: string | null;
  created_at: string;
  created_by: string;
}

function toRecord(row: AssetTypeRow): AssetTypeRecord {
  return {
    name: row.name,
    revision: row.revision,
    digest: row.digest as Digest,
    document: JSON.parse(row.document),
    text: row.text,
    source: row.source as AssetTypeSource,
    reason: orUndefined(row.reason),
    draftedBy: orUndefined(row.drafted_by),
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

export class DatabaseAssetTypeStore implements AssetTypeStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async newest(name: string): Promise<AssetTypeRecord | undefined> {
    const row = await this.#knex<AssetTypeRow>('asset_type_revisions')
      .where({ name })
      .orderBy('revision', 'desc')
      .first();
    return row && toRecord(row);
  }

  async allNewest(): Promise<AssetTypeRecord[]> {
    const rows = await this.#knex<AssetTypeRow>('asset_type_revisions as each')
      .where(
        'revision',
        this.#knex('asset_type_revisions as newer')
          .max('newer.revision')
          .where('newer.name', this.#knex.ref('each.name')),
      )
      .orderBy('name');
    return rows.map(toRecord);
  }

  async find(
    name: string,
    revision: number,
  ): Promise<AssetTypeRecord | undefined> {
    const row = await this.#knex<AssetTypeRow>('asset_type_revisions')
      .where({ name, revision })
      .first();
    return row && toRecord(row);
  }

  async revisions(name: string): Promise<AssetTypeRecord[]> {
    const rows = await this.#knex<AssetTypeRow>('asset_type_revisions')
      .where({ name })
      .orderBy('revision', 'desc');
    return rows.map(toRecord);
  }

  async insert(record: AssetTypeRecord): Promise<boolean> {
    const inserted = await this.#knex<AssetTypeRow>('asset_type_revisions')
      .insert({
        name: record.name,
        revision: record.revision,
        digest: record.digest,
        document: JSON.stringify(record.document),
        text: record.text,
        source: record.source,
        reason: record.reason ?? null,
        drafted_by: record.draftedBy ?? null,
        created_at: record.createdAt,
        created_by: record.createdBy,
      })
      .onConflict(['name', 'revision'])
      .ignore()
      .returning('name');
    return inserted.length > 0;
  }

  async nameTakenBy(
    type: string,
    names: readonly string[],
  ): Promise<{ asset: string; name: string } | undefined> {
    for (const [table, column] of [
      ['versions', 'label'],
      ['aliases', 'name'],
    ]) {
      const row = await this.#knex(table)
        .join('assets', 'assets.id', `${table}.asset_id`)
        .where('assets.type', type)
        .whereIn(`${table}.${column}`, [...names])
        .first(
          'assets.namespace',
          'assets.name',
          `${table}.${column} as taken`,
        );
      if (row)
        return { asset: `${row.namespace}/${row.name}`, name: row.taken };
    }
    return undefined;
  }
}
