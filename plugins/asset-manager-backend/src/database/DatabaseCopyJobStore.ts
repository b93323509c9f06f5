import type { Knex } from 'knex';
import type { CopyJobRecord, CopyJobStore } from '../services/ports';
import { orUndefined, toNumber } from './rows';

interface CopyJobRow {
  id: string;
  asset_id: number | string;
  store: string;
  mode: string;
  state: string;
  copied_blobs: number;
  copied_bytes: number | string;
  total_bytes: number | string;
  error: string | null;
  created_at: string;
  created_by: string;
  updated_at: string;
}

function toRecord(row: CopyJobRow): CopyJobRecord {
  return {
    id: row.id,
    assetId: toNumber(row.asset_id),
    store: row.store,
    mode: row.mode as CopyJobRecord['mode'],
    state: row.state as CopyJobRecord['state'],
    copiedBlobs: row.copied_blobs,
    copiedBytes: toNumber(row.copied_bytes),
    totalBytes: toNumber(row.total_bytes),
    error: orUndefined(row.error),
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
  };
}

function toRow(job: CopyJobRecord): CopyJobRow {
  return {
    id: job.id,
    asset_id: job.assetId,
    store: job.store,
    mode: job.mode,
    state: job.state,
    copied_blobs: job.copiedBlobs,
    copied_bytes: job.copiedBytes,
    total_bytes: job.totalBytes,
    error: job.error ?? null,
    created_at: job.createdAt,
    created_by: job.createdBy,
    updated_at: job.updatedAt,
  };
}

export class DatabaseCopyJobStore implements CopyJobStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async insert(job: CopyJobRecord): Promise<void> {
    await this.#jobs().insert(toRow(job));
  }

  async update(job: CopyJobRecord): Promise<void> {
    await this.#jobs().where({ id: job.id }).update(toRow(job));
  }

  async list(assetId: number, limit: number): Promise<CopyJobRecord[]> {
    const rows = await this.#jobs()
      .where({ asset_id: assetId })
      .orderBy('id', 'desc')
      .limit(limit);
    return rows.map(toRecord);
  }

  async movedTo(assetId: number): Promise<string | undefined> {
    const row = await this.#jobs()
      .where({ asset_id: assetId, mode: 'move', state: 'done' })
      .orderBy('id', 'desc')
      .first();
    return row?.store;
  }

  async next(): Promise<CopyJobRecord | undefined> {
    const row = await this.#jobs()
      .whereIn('state', ['queued', 'running'])
      .orderBy('id')
      .first();
    return row && toRecord(row);
  }

  #jobs() {
    return this.#knex<CopyJobRow>('copy_jobs');
  }
}
