import type { Knex } from 'knex';
import type { DeclarationRecord, DeclarationStore } from '../services/ports';
import { toNumber } from './rows';

interface DeclarationRow {
  asset_id: number | string;
  location: string;
  card: string;
  state: string;
  seen_at: string;
  decided_by: string | null;
  decided_at: string | null;
}

export class DatabaseDeclarationStore implements DeclarationStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async list(assetId: number): Promise<DeclarationRecord[]> {
    const rows = await this.#knex<DeclarationRow>('declarations')
      .where({ asset_id: toNumber(assetId) })
      .orderBy(['state', { column: 'seen_at', order: 'desc' }]);
    return rows.map(row => ({
      location: row.location,
      card: JSON.parse(row.card),
      state: row.state as DeclarationRecord['state'],
      seenAt: row.seen_at,
    }));
  }

  async put(
    assetId: number,
    declaration: DeclarationRecord,
    by: string,
  ): Promise<void> {
    await this.#knex<DeclarationRow>('declarations')
      .insert({
        asset_id: assetId,
        location: declaration.location,
        card: JSON.stringify(declaration.card),
        state: declaration.state,
        seen_at: declaration.seenAt,
        decided_by: by,
        decided_at: declaration.seenAt,
      })
      .onConflict(['asset_id', 'location'])
      .merge();
  }

  async remove(assetId: number, location: string): Promise<void> {
    await this.#knex<DeclarationRow>('declarations')
      .where({ asset_id: assetId, location })
      .delete();
  }
}
