import type {
  Decision,
  Digest,
  GateResult,
  TransitionRequestState,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type {
  DecisionRecord,
  TransitionRequestRecord,
  TransitionRequestStore,
} from '../services/lifecyclePorts';
import { fromJson, orUndefined, toJson, toNumber } from './rows';

interface RequestRow {
  id: string;
  asset_id: number | string;
  version_id: number | string;
  from_stage: string;
  to_stage: string;
  sequence: number;
  reason: string | null;
  requested_at: string;
  requested_by: string;
  state: string;
  ended_at: string | null;
  ended_by: string | null;
  final_gates: string | null;
  final_payload: string | null;
  final_revision: number | null;
}

interface DecisionRow {
  id: number | string;
  request_id: string;
  decision: string;
  gate: string | null;
  meaning: string;
  comment: string | null;
  payload: string;
  member_of: string;
  at: string;
  by: string;
}

function toRecord(row: RequestRow): TransitionRequestRecord {
  const gates = fromJson<GateResult[]>(row.final_gates);
  return {
    id: row.id,
    assetId: toNumber(row.asset_id),
    versionId: toNumber(row.version_id),
    from: row.from_stage,
    to: row.to_stage,
    sequence: row.sequence,
    reason: orUndefined(row.reason),
    requestedAt: row.requested_at,
    requestedBy: row.requested_by,
    state: row.state as TransitionRequestState,
    endedAt: orUndefined(row.ended_at),
    endedBy: orUndefined(row.ended_by),
    final: gates && {
      gates,
      payload: row.final_payload as Digest,
      typeRevision: row.final_revision ?? 0,
    },
  };
}

export class DatabaseTransitionRequestStore implements TransitionRequestStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(id: string): Promise<TransitionRequestRecord | undefined> {
    const row = await this.#rows().where({ id }).first();
    return row && toRecord(row);
  }

  async openOf(
    versionId: number,
  ): Promise<TransitionRequestRecord | undefined> {
    const row = await this.#rows()
      .where({ version_id: versionId, state: 'open' })
      .first();
    return row && toRecord(row);
  }

  async list(
    assetId: number,
    limit: number,
  ): Promise<TransitionRequestRecord[]> {
    const rows = await this.#rows()
      .where({ asset_id: assetId })
      .orderBy('id', 'desc')
      .limit(limit);
    return rows.map(toRecord);
  }

  async open(limit: number): Promise<TransitionRequestRecord[]> {
    const rows = await this.#rows()
      .where({ state: 'open' })
      .orderBy('id')
      .limit(limit);
    return rows.map(toRecord);
  }

  async countOpen(type: string): Promise<number> {
    const [row] = await this.#knex('transition_requests')
      .join('assets', 'assets.id', 'transition_requests.asset_id')
      .where({ 'assets.type': type, state: 'open' })
      .count({ count: '*' });
    return toNumber(row.count as number);
  }

  async insert(request: TransitionRequestRecord): Promise<boolean> {
    if (await this.openOf(request.versionId)) return false;
    await this.#rows().insert({
      id: request.id,
      asset_id: request.assetId,
      version_id: request.versionId,
      from_stage: request.from,
      to_stage: request.to,
      sequence: request.sequence,
      reason: request.reason ?? null,
      requested_at: request.requestedAt,
      requested_by: request.requestedBy,
      state: request.state,
    });
    return true;
  }

  async end(
    id: string,
    { state, at, by, final }: Parameters<TransitionRequestStore['end']>[1],
  ): Promise<void> {
    await this.#rows()
      .where({ id, state: 'open' })
      .update({
        state,
        ended_at: at,
        ended_by: by,
        final_gates: toJson(final?.gates),
        final_payload: final?.payload ?? null,
        final_revision: final?.typeRevision ?? null,
      });
  }

  async decisions(id: string): Promise<DecisionRecord[]> {
    const rows = await this.#knex<DecisionRow>('decisions')
      .where({ request_id: id })
      .orderBy('id');
    return rows.map(row => ({
      requestId: row.request_id,
      decision: row.decision as Decision['decision'],
      gate: orUndefined(row.gate),
      meaning: row.meaning,
      comment: orUndefined(row.comment),
      payload: row.payload as Digest,
      memberOf: fromJson(row.member_of) ?? [],
      at: row.at,
      by: row.by,
    }));
  }

  async decide(decision: DecisionRecord): Promise<boolean> {
    const { requestId, payload, by } = decision;
    if (decision.decision === 'approve') {
      const same = await this.#knex<DecisionRow>('decisions')
        .where({ request_id: requestId, payload, by, decision: 'approve' })
        .first();
      if (same) return false;
    }
    await this.#knex<DecisionRow>('decisions').insert({
      request_id: requestId,
      decision: decision.decision,
      gate: decision.gate ?? null,
      meaning: decision.meaning,
      comment: decision.comment ?? null,
      payload,
      member_of: JSON.stringify(decision.memberOf),
      at: decision.at,
      by,
    });
    return true;
  }

  #rows() {
    return this.#knex<RequestRow>('transition_requests');
  }
}
