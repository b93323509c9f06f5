import type { Knex } from 'knex';
import type {
  TransitionRecord,
  TransitionStore,
} from '../services/lifecyclePorts';
import { whereAmong } from './among';
import { fromJson, orUndefined, toJson, toNumber } from './rows';

interface TransitionRow {
  id: number | string;
  asset_id: number | string;
  version_id: number | string;
  sequence: number;
  from_stage: string;
  to_stage: string;
  reason: string | null;
  type: string;
  type_revision: number;
  at: string;
  by: string;
  request_id: string | null;
  gates: string | null;
  decisions: string | null;
}

/** No move of the same version came after it, up to some time. */
function whereLast(query: Knex.QueryBuilder, until?: string): void {
  const later = `select 1 from transitions as later
    where later.version_id = transitions.version_id
      and later.sequence > transitions.sequence`;
  if (until === undefined) query.whereRaw(`not exists (${later})`);
  else
    query
      .where('transitions.at', '<=', until)
      .whereRaw(`not exists (${later} and later.at <= ?)`, [until]);
}

function toRecord(row: TransitionRow): TransitionRecord {
  return {
    id: toNumber(row.id),
    assetId: toNumber(row.asset_id),
    versionId: toNumber(row.version_id),
    sequence: row.sequence,
    from: row.from_stage,
    to: row.to_stage,
    reason: orUndefined(row.reason),
    type: row.type,
    typeRevision: row.type_revision,
    at: row.at,
    by: row.by,
    requestId: orUndefined(row.request_id),
    gates: fromJson(row.gates),
    decisions: fromJson(row.decisions),
  };
}

export class DatabaseTransitionStore implements TransitionStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async lastOf(
    versionIds: readonly number[],
    until?: string,
  ): Promise<Map<number, TransitionRecord>> {
    if (versionIds.length === 0) return new Map();
    const query =
      this.#knex('transitions').select<TransitionRow[]>('transitions.*');
    whereLast(query, until);
    whereAmong(query, 'transitions.version_id', versionIds);
    const records = (await query).map(toRecord);
    return new Map(records.map(record => [record.versionId, record]));
  }

  async list(options: {
    assetId: number;
    versionId?: number;
    limit?: number;
  }): Promise<TransitionRecord[]> {
    const query = this.#knex<TransitionRow>('transitions')
      .where({ asset_id: options.assetId })
      .orderBy('id', 'desc');
    if (options.limit !== undefined) query.limit(options.limit);
    if (options.versionId !== undefined)
      query.where({ version_id: options.versionId });
    return (await query).map(toRecord);
  }

  async standingIn(
    assetId: number,
    stage: string,
    until?: string,
  ): Promise<TransitionRecord[]> {
    const query = this.#knex('transitions')
      .select<TransitionRow[]>('transitions.*')
      .where({ asset_id: assetId, to_stage: stage })
      .orderBy('id', 'desc');
    whereLast(query, until);
    return (await query).map(toRecord);
  }

  async allStandingIn(
    type: string,
    stage: string,
  ): Promise<TransitionRecord[]> {
    const query = this.#knex('transitions')
      .join('assets', 'assets.id', 'transitions.asset_id')
      .where({ 'assets.type': type, to_stage: stage })
      .whereNull('assets.purged_at')
      .orderBy('transitions.id')
      .select<TransitionRow[]>('transitions.*');
    whereLast(query);
    return (await query).map(toRecord);
  }

  async stagesInUse(type: string): Promise<Map<string, number>> {
    const query = this.#knex('transitions')
      .join('assets', 'assets.id', 'transitions.asset_id')
      .where('assets.type', type)
      .whereNull('assets.purged_at')
      .groupBy('transitions.to_stage')
      .select<{ stage: string; count: number | string }[]>(
        'transitions.to_stage as stage',
        this.#knex.raw('count(*) as count'),
      );
    whereLast(query);
    const rows = await query;
    return new Map(rows.map(row => [row.stage, toNumber(row.count)]));
  }

  async insert(transition: Omit<TransitionRecord, 'id'>): Promise<boolean> {
    const rows = await this.#knex<TransitionRow>('transitions')
      .insert({
        asset_id: transition.assetId,
        version_id: transition.versionId,
        sequence: transition.sequence,
        from_stage: transition.from,
        to_stage: transition.to,
        reason: transition.reason ?? null,
        type: transition.type,
        type_revision: transition.typeRevision,
        at: transition.at,
        by: transition.by,
        request_id: transition.requestId ?? null,
        gates: toJson(transition.gates),
        decisions: toJson(transition.decisions),
      })
      .onConflict(['version_id', 'sequence'])
      .ignore()
      .returning('id');
    return rows.length > 0;
  }
}
