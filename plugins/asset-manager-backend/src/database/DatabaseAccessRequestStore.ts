import {
  assetKey,
  AssetName,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type {
  AccessRequestRecord,
  AccessRequestStore,
} from '../services/accessPorts';
import { orUndefined } from './rows';

interface RequestRow {
  id: string;
  asset_key: string;
  namespace: string;
  name: string;
  requester: string;
  role: string;
  days: number;
  reason: string;
  created_at: string;
  state: string;
  decided_at: string | null;
  decided_by: string | null;
  answer: string | null;
}

function toRecord(row: RequestRow): AccessRequestRecord {
  return {
    id: row.id,
    namespace: row.namespace,
    name: row.name,
    requester: row.requester,
    role: row.role as Role,
    days: row.days,
    reason: row.reason,
    createdAt: row.created_at,
    state: row.state as AccessRequestRecord['state'],
    decidedAt: orUndefined(row.decided_at),
    decidedBy: orUndefined(row.decided_by),
    answer: orUndefined(row.answer),
  };
}

export class DatabaseAccessRequestStore implements AccessRequestStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(id: string): Promise<AccessRequestRecord | undefined> {
    const row = await this.#rows().where({ id }).first();
    return row && toRecord(row);
  }

  async listOf(
    requester: string,
    limit: number,
  ): Promise<AccessRequestRecord[]> {
    const rows = await this.#rows()
      .where({ requester })
      .orderBy('id', 'desc')
      .limit(limit);
    return rows.map(toRecord);
  }

  async openOf(
    requester: string,
    since: string,
  ): Promise<AccessRequestRecord[]> {
    const rows = await this.#rows()
      .where({ requester, state: 'open' })
      .where('created_at', '>=', since);
    return rows.map(toRecord);
  }

  async openFor(
    name: AssetName,
    since: string,
  ): Promise<AccessRequestRecord[]> {
    const rows = await this.#rows()
      .where({ asset_key: assetKey(name), state: 'open' })
      .where('created_at', '>=', since)
      .orderBy('id');
    return rows.map(toRecord);
  }

  async insert(request: AccessRequestRecord): Promise<void> {
    await this.#rows().insert({
      id: request.id,
      asset_key: assetKey(request),
      namespace: request.namespace,
      name: request.name,
      requester: request.requester,
      role: request.role,
      days: request.days,
      reason: request.reason,
      created_at: request.createdAt,
      state: request.state,
    });
  }

  async decide(
    id: string,
    decision: Parameters<AccessRequestStore['decide']>[1],
  ): Promise<boolean> {
    const decided = await this.#rows()
      .where({ id, state: 'open' })
      .update({
        state: decision.state,
        decided_at: decision.at,
        decided_by: decision.by,
        answer: decision.answer ?? null,
      });
    return decided > 0;
  }

  #rows() {
    return this.#knex<RequestRow>('access_requests');
  }
}
