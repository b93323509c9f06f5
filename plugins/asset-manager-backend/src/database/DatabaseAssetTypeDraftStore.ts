import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type {
  AssetTypeDraftRecord,
  AssetTypeDraftStore,
} from '../services/assetTypePorts';
import { orUndefined } from './rows';

interface DraftRow {
  name: string;
  base: number;
  digest: string;
  document: string;
  reason: string | null;
  created_at: string;
  created_by: string;
}

export class DatabaseAssetTypeDraftStore implements AssetTypeDraftStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(name: string): Promise<AssetTypeDraftRecord | undefined> {
    const row = await this.#rows().where({ name }).first();
    return (
      row && {
        name: row.name,
        base: row.base,
        digest: row.digest as Digest,
        document: row.document,
        reason: orUndefined(row.reason),
        createdAt: row.created_at,
        createdBy: row.created_by,
      }
    );
  }

  async put(draft: AssetTypeDraftRecord): Promise<void> {
    await this.#rows()
      .insert({
        name: draft.name,
        base: draft.base,
        digest: draft.digest,
        document: draft.document,
        reason: draft.reason ?? null,
        created_at: draft.createdAt,
        created_by: draft.createdBy,
      })
      .onConflict('name')
      .merge();
  }

  async remove({
    name,
    digest,
  }: Pick<AssetTypeDraftRecord, 'name' | 'digest'>): Promise<boolean> {
    return (await this.#rows().where({ name, digest }).delete()) > 0;
  }

  #rows() {
    return this.#knex<DraftRow>('asset_type_drafts');
  }
}
