import type {
  Digest,
  FixityCheck,
  FixityOutcome,
  FixityProblem,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type {
  FixityCheckRecord,
  FixityFindingRecord,
  FixityStore,
} from '../services/fixityPorts';
import { inBatches, orUndefined, toNumber } from './rows';

interface CheckRow {
  id: string;
  state: string;
  stores: string;
  sample: number;
  sample_from: number;
  condemn_orphans: boolean;
  phase: string;
  position: string;
  checked_objects: number | string;
  total_objects: number | string;
  read_bytes: number | string;
  error: string | null;
  created_at: string;
  created_by: string;
  updated_at: string;
}

interface FindingRow {
  check_id: string;
  store: string;
  key: string;
  digest: string;
  problem: string;
  outcome: string;
  size: number | string | null;
  asset_id: number | string | null;
}

function toRecord(row: CheckRow): FixityCheckRecord {
  return {
    id: row.id,
    state: row.state as FixityCheck['state'],
    stores: JSON.parse(row.stores),
    sample: Number(row.sample),
    sampleFrom: Number(row.sample_from),
    condemnOrphans: Boolean(row.condemn_orphans),
    phase: row.phase as FixityCheck['phase'],
    position: orUndefined(JSON.parse(row.position)),
    checkedObjects: toNumber(row.checked_objects),
    totalObjects: toNumber(row.total_objects),
    readBytes: toNumber(row.read_bytes),
    error: orUndefined(row.error),
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
  };
}

function toRow(check: FixityCheckRecord): CheckRow {
  return {
    id: check.id,
    state: check.state,
    stores: JSON.stringify(check.stores),
    sample: check.sample,
    sample_from: check.sampleFrom,
    condemn_orphans: check.condemnOrphans,
    phase: check.phase,
    position: JSON.stringify(check.position ?? null),
    checked_objects: check.checkedObjects,
    total_objects: check.totalObjects,
    read_bytes: check.readBytes,
    error: check.error ?? null,
    created_at: check.createdAt,
    created_by: check.createdBy,
    updated_at: check.updatedAt,
  };
}

function findingFromRow(row: FindingRow): FixityFindingRecord {
  return {
    store: row.store,
    key: row.key,
    problem: row.problem as FixityProblem,
    outcome: row.outcome as FixityOutcome,
    ...(row.digest !== '' && { digest: row.digest as Digest }),
    ...(row.size !== null && { size: toNumber(row.size) }),
    ...(row.asset_id !== null && { assetId: toNumber(row.asset_id) }),
  };
}

/** What did not end well stands first. */
const WORST_FIRST = `case outcome when 'lost' then 0 when 'healed' then 1
  when 'condemned' then 2 else 3 end`;

export class DatabaseFixityStore implements FixityStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async insert(check: FixityCheckRecord): Promise<void> {
    await this.#checks().insert(toRow(check));
  }

  async update(check: FixityCheckRecord): Promise<void> {
    await this.#checks().where({ id: check.id }).update(toRow(check));
  }

  async find(id: string): Promise<FixityCheckRecord | undefined> {
    const row = await this.#checks().where({ id }).first();
    return row && toRecord(row);
  }

  async list(limit: number): Promise<FixityCheckRecord[]> {
    const rows = await this.#checks().orderBy('id', 'desc').limit(limit);
    return rows.map(toRecord);
  }

  async next(): Promise<FixityCheckRecord | undefined> {
    const row = await this.#checks()
      .whereIn('state', ['queued', 'running'])
      .orderBy('id')
      .first();
    return row && toRecord(row);
  }

  async addFindings(
    checkId: string,
    findings: readonly FixityFindingRecord[],
  ): Promise<void> {
    for (const batch of inBatches(findings, 100)) {
      const insert = this.#findings()
        .insert(
          batch.map(finding => ({
            check_id: checkId,
            store: finding.store,
            key: finding.key,
            digest: finding.digest ?? '',
            problem: finding.problem,
            outcome: finding.outcome,
            size: finding.size ?? null,
            asset_id: finding.assetId ?? null,
          })),
        )
        .onConflict(['check_id', 'store', 'key', 'digest']);
      // That one asset needs it no more says less than that it is lost for another.
      await (batch[0].problem === 'unneeded'
        ? insert.ignore()
        : insert.merge());
    }
  }

  async findings(
    checkId: string,
    limit: number,
  ): Promise<FixityFindingRecord[]> {
    const rows = await this.#findings()
      .where({ check_id: checkId })
      .orderByRaw(`${WORST_FIRST}, store, key, digest`)
      .limit(limit);
    return rows.map(findingFromRow);
  }

  async touched(checkId: string) {
    const rows = await this.#findings()
      .where({ check_id: checkId })
      .whereIn('outcome', ['lost', 'healed']);
    return rows.map(row => ({
      digest: row.digest as Digest,
      outcome: row.outcome as FixityOutcome,
      ...(row.asset_id !== null && { assetId: toNumber(row.asset_id) }),
    }));
  }

  async counts(checkIds: readonly string[]) {
    const rows = await this.#findings()
      .whereIn('check_id', [...checkIds])
      .groupBy('check_id', 'problem', 'outcome')
      .orderBy(['problem', 'outcome'])
      .select('check_id', 'problem', 'outcome')
      .count({ count: '*' })
      .sum({ bytes: 'size' });
    const found = new Map<string, FixityCheck['found']>();
    for (const row of rows) {
      const id = String(row.check_id);
      found.set(id, [
        ...(found.get(id) ?? []),
        {
          problem: row.problem as FixityProblem,
          outcome: row.outcome as FixityOutcome,
          count: toNumber(row.count),
          bytes: toNumber(row.bytes),
        },
      ]);
    }
    return found;
  }

  async keepNewest(count: number): Promise<void> {
    const old: string[] = await this.#checks()
      .orderBy('id', 'desc')
      .offset(count)
      .limit(1000)
      .pluck('id');
    await this.#findings().whereIn('check_id', old).delete();
    await this.#checks().whereIn('id', old).delete();
  }

  #checks() {
    return this.#knex<CheckRow>('fixity_checks');
  }

  #findings() {
    return this.#knex<FindingRow>('fixity_findings');
  }
}
