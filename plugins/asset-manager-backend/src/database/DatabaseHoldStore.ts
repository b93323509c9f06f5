import type { Knex } from 'knex';
import type { HoldRecord, HoldStore } from '../services/ports';
import { toNumber } from './rows';

interface HoldRow {
  id: string;
  asset_id: number | string;
  version_id: number | string | null;
  reason: string;
  placed_at: string;
  placed_by: string;
  ended_at: string | null;
  ended_by: string | null;
  end_reason: string | null;
}

export class DatabaseHoldStore implements HoldStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async list(assetId: number): Promise<HoldRecord[]> {
    const rows = await this.#knex<HoldRow>('holds')
      .where({ asset_id: assetId })
      .whereNull('ended_at')
      .orderBy('id');
    return rows.map(row => ({
      id: row.id,
      assetId: toNumber(row.asset_id),
      versionId: row.version_id === null ? undefined : toNumber(row.version_id),
      reason: row.reason,
      placedAt: row.placed_at,
      placedBy: row.placed_by,
    }));
  }

  async insert(hold: HoldRecord): Promise<void> {
    await this.#knex<HoldRow>('holds').insert({
      id: hold.id,
      asset_id: hold.assetId,
      version_id: hold.versionId ?? null,
      reason: hold.reason,
      placed_at: hold.placedAt,
      placed_by: hold.placedBy,
    });
  }

  async end(
    id: string,
    end: { at: string; by: string; reason: string },
  ): Promise<void> {
    await this.#knex<HoldRow>('holds')
      .where({ id })
      .whereNull('ended_at')
      .update({ ended_at: end.at, ended_by: end.by, end_reason: end.reason });
  }
}
