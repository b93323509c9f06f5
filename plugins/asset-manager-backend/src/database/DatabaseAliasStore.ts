import type { AliasMove } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { AliasRecord, AliasStore } from '../services/ports';
import { orUndefined, toNumber } from './rows';

interface AliasRow {
  asset_id: number | string;
  name: string;
  version_id: number | string;
  updated_at: string;
  updated_by: string;
}

interface MoveRow {
  id: number | string;
  asset_id: number | string;
  name: string;
  from_label: string | null;
  to_label: string | null;
  at: string;
  by: string;
}

function toRecord(row: AliasRow): AliasRecord {
  return {
    name: row.name,
    versionId: toNumber(row.version_id),
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

export class DatabaseAliasStore implements AliasStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async list(assetId: number): Promise<AliasRecord[]> {
    const rows = await this.#knex<AliasRow>('aliases')
      .where({ asset_id: assetId })
      .orderBy('name');
    return rows.map(toRecord);
  }

  async find(assetId: number, name: string): Promise<AliasRecord | undefined> {
    const row = await this.#knex<AliasRow>('aliases')
      .where({ asset_id: assetId, name })
      .first();
    return row && toRecord(row);
  }

  async set(assetId: number, alias: AliasRecord): Promise<void> {
    await this.#knex<AliasRow>('aliases')
      .insert({
        asset_id: assetId,
        name: alias.name,
        version_id: alias.versionId,
        updated_at: alias.updatedAt,
        updated_by: alias.updatedBy,
      })
      .onConflict(['asset_id', 'name'])
      .merge();
  }

  async remove(assetId: number, name: string): Promise<void> {
    await this.#knex<AliasRow>('aliases')
      .where({ asset_id: assetId, name })
      .delete();
  }

  async recordMove(assetId: number, move: AliasMove): Promise<void> {
    await this.#knex<MoveRow>('alias_moves').insert({
      asset_id: assetId,
      name: move.name,
      from_label: move.from ?? null,
      to_label: move.to ?? null,
      at: move.at,
      by: move.by,
    });
  }

  async asOf(assetId: number, time: string): Promise<Map<string, string>> {
    const moves = await this.#knex<MoveRow>('alias_moves')
      .where({ asset_id: assetId })
      .where('at', '<=', time)
      .orderBy('id');
    const labels = new Map<string, string>();
    for (const { name, to_label: label } of moves) {
      if (label === null) labels.delete(name);
      else labels.set(name, label);
    }
    return labels;
  }

  async moves(
    assetId: number,
    name: string | undefined,
    limit: number,
  ): Promise<AliasMove[]> {
    const query = this.#knex<MoveRow>('alias_moves')
      .where({ asset_id: assetId })
      .orderBy('id', 'desc')
      .limit(limit);
    if (name !== undefined) query.where({ name });
    return (await query).map(row => ({
      name: row.name,
      from: orUndefined(row.from_label),
      to: orUndefined(row.to_label),
      at: row.at,
      by: row.by,
    }));
  }
}
