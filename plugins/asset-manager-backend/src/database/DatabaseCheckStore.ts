import type {
  CheckStatus,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { CheckRecord, CheckStore } from '../services/lifecyclePorts';
import { fromJson, orUndefined, toJson, toNumber } from './rows';

interface CheckRow {
  id: number | string;
  asset_id: number | string;
  version_id: number | string;
  name: string;
  status: string;
  summary: string | null;
  evidence: string | null;
  evidence_digest: string | null;
  url: string | null;
  at: string;
  by: string;
}

export class DatabaseCheckStore implements CheckStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async list(versionId: number, limit: number): Promise<CheckRecord[]> {
    const rows = await this.#knex<CheckRow>('checks')
      .where({ version_id: versionId })
      .orderBy('id', 'desc')
      .limit(limit);
    return rows.map(row => ({
      id: toNumber(row.id),
      assetId: toNumber(row.asset_id),
      versionId: toNumber(row.version_id),
      name: row.name,
      status: row.status as CheckStatus,
      summary: orUndefined(row.summary),
      evidence: fromJson(row.evidence),
      evidenceDigest: orUndefined(row.evidence_digest) as Digest | undefined,
      url: orUndefined(row.url),
      at: row.at,
      by: row.by,
    }));
  }

  async insert(check: Omit<CheckRecord, 'id'>): Promise<void> {
    await this.#knex<CheckRow>('checks').insert({
      asset_id: check.assetId,
      version_id: check.versionId,
      name: check.name,
      status: check.status,
      summary: check.summary ?? null,
      evidence: toJson(check.evidence),
      evidence_digest: check.evidenceDigest ?? null,
      url: check.url ?? null,
      at: check.at,
      by: check.by,
    });
  }
}
