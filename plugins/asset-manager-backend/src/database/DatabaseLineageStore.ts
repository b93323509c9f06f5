import type {
  Digest,
  LineageConfidence,
  LineageEdge,
  RunState,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type {
  LineageStore,
  RunRecord,
  RunVersionListRecord,
  RunVersionRecord,
} from '../services/lineagePorts';
import { whereAmong } from './among';
import { inBatches, orUndefined, toNumber } from './rows';
import { whereVisible } from './visible';

interface RunRow {
  id: string;
  job: string | null;
  state: string;
  started_at: string | null;
  ended_at: string | null;
  recorded_at: string;
  recorded_by: string;
  on_behalf_of: string | null;
  details: string;
}

interface EdgeRow {
  run_id: string;
  direction: string;
  version_id: number | string;
  role: string | null;
  confidence: string;
}

interface ListedEdgeRow extends EdgeRow {
  asset_id: number | string;
  namespace: string;
  name: string;
  type: string;
  label: string;
  digest: string;
  retracted_at: string | null;
  deleted_at: string | null;
  asset_deleted_at: string | null;
}

function toRun(row: RunRow): RunRecord {
  return {
    id: row.id,
    job: orUndefined(row.job),
    state: row.state as RunState,
    startedAt: orUndefined(row.started_at),
    endedAt: orUndefined(row.ended_at),
    recordedAt: row.recorded_at,
    recordedBy: row.recorded_by,
    onBehalfOf: orUndefined(row.on_behalf_of),
    ...JSON.parse(row.details),
  };
}

function toEdge(row: ListedEdgeRow): RunVersionListRecord {
  return {
    runId: row.run_id,
    direction: row.direction as LineageEdge['direction'],
    versionId: toNumber(row.version_id),
    role: orUndefined(row.role),
    confidence: row.confidence as LineageConfidence,
    assetId: toNumber(row.asset_id),
    namespace: row.namespace,
    name: row.name,
    type: row.type,
    label: row.label,
    digest: row.digest as Digest,
    retracted: row.retracted_at !== null,
    deleted: row.deleted_at !== null || row.asset_deleted_at !== null,
  };
}

export class DatabaseLineageStore implements LineageStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async runs(ids: readonly string[]): Promise<RunRecord[]> {
    if (ids.length === 0) return [];
    const query = this.#knex<RunRow>('runs').orderBy('id');
    whereAmong(query, 'id', ids);
    return (await query).map(toRun);
  }

  async insert(
    run: RunRecord,
    versions: readonly RunVersionRecord[],
  ): Promise<boolean> {
    const { command, code, environment, parameters, metrics, dropped } = run;
    const [inserted] = await this.#knex<RunRow>('runs')
      .insert({
        id: run.id,
        job: run.job ?? null,
        state: run.state,
        started_at: run.startedAt ?? null,
        ended_at: run.endedAt ?? null,
        recorded_at: run.recordedAt,
        recorded_by: run.recordedBy,
        on_behalf_of: run.onBehalfOf ?? null,
        details: JSON.stringify({
          command,
          code,
          environment,
          parameters,
          metrics,
          dropped,
        }),
      })
      .onConflict('id')
      .ignore()
      .returning('id');
    if (!inserted) return false;
    for (const batch of inBatches(versions))
      await this.#knex<EdgeRow>('run_versions').insert(
        batch.map(each => ({
          run_id: each.runId,
          direction: each.direction,
          version_id: each.versionId,
          role: each.role ?? null,
          confidence: each.confidence,
        })),
      );
    return true;
  }

  async edges(options: {
    of: { versions: readonly number[] } | { runs: readonly string[] };
    direction?: LineageEdge['direction'];
    viewer: Parameters<LineageStore['edges']>[0]['viewer'];
    limit?: number;
  }): Promise<RunVersionListRecord[]> {
    const { of, direction, viewer, limit } = options;
    const [column, values] =
      'runs' in of
        ? (['run_versions.run_id', of.runs] as const)
        : (['run_versions.version_id', of.versions] as const);
    if (values.length === 0) return [];
    const query = this.#knex('run_versions')
      .join('versions', 'versions.id', 'run_versions.version_id')
      .join('assets', 'assets.id', 'versions.asset_id')
      .orderBy('run_versions.id', 'desc')
      .select<ListedEdgeRow[]>(
        'run_versions.*',
        'versions.asset_id',
        'versions.label',
        'versions.digest',
        'versions.retracted_at',
        'versions.deleted_at',
        'assets.namespace',
        'assets.name',
        'assets.type',
        'assets.deleted_at as asset_deleted_at',
      );
    whereAmong(query, column, values);
    if (direction) query.where('run_versions.direction', direction);
    if (limit !== undefined) query.limit(limit);
    whereVisible(query, viewer, { deleted: true });
    return (await query).map(toEdge);
  }
}
