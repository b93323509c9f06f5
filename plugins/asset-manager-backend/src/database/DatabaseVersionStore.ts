import { NotFoundError } from '@backstage/errors';
import type {
  Digest,
  Retraction,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { JsonObject } from '@backstage/types';
import type { Knex } from 'knex';
import type {
  DeletionRecord,
  PageRecord,
  VersionRecord,
  VersionStore,
} from '../services/ports';
import { whereAmong } from './among';
import {
  deletionFromRow,
  DeletionRow,
  deletionToRow,
  inBatches,
  orUndefined,
  toNumber,
} from './rows';

interface VersionRow extends DeletionRow {
  id: number | string;
  asset_id: number | string;
  sequence: number;
  label: string;
  digest: string;
  file_count: number;
  size: number | string;
  message: string | null;
  metadata: string;
  verification: string;
  changes: string | null;
  created_at: string;
  created_by: string;
  retracted_at: string | null;
  retracted_by: string | null;
  retraction_reason: string | null;
  metadata_revision: number;
}

/** A page of a manifest, as the tables of versions and of uploads hold it. */
export interface PageRow {
  position: number;
  digest: string;
  store: string;
  file_count: number;
  size: number | string;
  first_path: string;
}

export function pageFromRow(row: PageRow): PageRecord {
  return {
    position: row.position,
    digest: row.digest as Digest,
    store: row.store,
    fileCount: row.file_count,
    size: toNumber(row.size),
    firstPath: row.first_path,
  };
}

export function pageToRow(page: PageRecord): PageRow {
  return {
    position: page.position,
    digest: page.digest,
    store: page.store,
    file_count: page.fileCount,
    size: page.size,
    first_path: page.firstPath,
  };
}

function toRecord(row: VersionRow): VersionRecord {
  return {
    id: toNumber(row.id),
    assetId: toNumber(row.asset_id),
    sequence: row.sequence,
    label: row.label,
    digest: row.digest as Digest,
    fileCount: row.file_count,
    size: toNumber(row.size),
    message: orUndefined(row.message),
    metadata: JSON.parse(row.metadata),
    verification: row.verification as Verification,
    changes: row.changes === null ? undefined : JSON.parse(row.changes),
    createdAt: row.created_at,
    createdBy: row.created_by,
    deletion: deletionFromRow(row),
    retraction:
      row.retracted_at === null
        ? undefined
        : {
            at: row.retracted_at,
            by: row.retracted_by ?? '',
            reason: row.retraction_reason ?? '',
          },
    metadataRevision: row.metadata_revision,
  };
}

export class DatabaseVersionStore implements VersionStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async latest(
    assetId: number,
    until?: string,
  ): Promise<VersionRecord | undefined> {
    const query = this.#rows()
      .where({ asset_id: assetId })
      .orderBy('sequence', 'desc');
    if (until === undefined)
      query.whereNull('deleted_at').whereNull('retracted_at');
    else {
      query
        .where('created_at', '<=', until)
        .where(either =>
          either.whereNull('deleted_at').orWhere('deleted_at', '>', until),
        )
        .whereNotExists(
          this.#knex('retractions')
            .whereRaw('retractions.version_id = versions.id')
            .where('at', '<=', until)
            .where(open =>
              open.whereNull('ended_at').orWhere('ended_at', '>', until),
            ),
        );
    }
    const row = await query.first();
    return row && toRecord(row);
  }

  async newest(assetId: number): Promise<VersionRecord | undefined> {
    return (await this.list({ assetId, limit: 1 }))[0];
  }

  async byLabel(
    assetId: number,
    label: string,
  ): Promise<VersionRecord | undefined> {
    const row = await this.#rows().where({ asset_id: assetId, label }).first();
    return row && toRecord(row);
  }

  async byDigestPrefix(
    assetId: number,
    prefix: string,
  ): Promise<VersionRecord[]> {
    const rows = await this.#rows()
      .where({ asset_id: assetId })
      // Hex digits need no escape in a pattern.
      .where('digest', 'like', `${prefix}%`)
      .limit(2);
    return rows.map(toRecord);
  }

  async byId(id: number): Promise<VersionRecord> {
    const row = await this.#rows().where({ id }).first();
    if (!row) throw new NotFoundError(`there is no version ${id}`);
    return toRecord(row);
  }

  async labels(assetId: number): Promise<Set<string>> {
    const rows = await this.#rows()
      .where({ asset_id: assetId })
      .select('label');
    return new Set(rows.map(row => row.label));
  }

  async list(options: {
    assetId: number;
    before?: number;
    limit: number;
  }): Promise<VersionRecord[]> {
    const query = this.#rows()
      .where({ asset_id: options.assetId })
      .orderBy('sequence', 'desc')
      .limit(options.limit);
    if (options.before !== undefined)
      query.where('sequence', '<', options.before);
    return (await query).map(toRecord);
  }

  async insert(
    version: Omit<VersionRecord, 'id'>,
    pages: readonly PageRecord[],
  ): Promise<VersionRecord> {
    const [{ id }] = await this.#rows()
      .insert({
        asset_id: version.assetId,
        sequence: version.sequence,
        label: version.label,
        digest: version.digest,
        file_count: version.fileCount,
        size: version.size,
        message: version.message ?? null,
        metadata: JSON.stringify(version.metadata),
        metadata_revision: version.metadataRevision,
        verification: version.verification,
        changes: version.changes ? JSON.stringify(version.changes) : null,
        created_at: version.createdAt,
        created_by: version.createdBy,
      })
      .returning('id');
    for (const batch of inBatches(pages, 100)) {
      await this.#knex('version_pages').insert(
        batch.map(page => ({ version_id: id, ...pageToRow(page) })),
      );
    }
    return { ...version, id: toNumber(id) };
  }

  async pages(versionId: number): Promise<PageRecord[]> {
    const rows = await this.#knex<PageRow & { version_id: number }>(
      'version_pages',
    )
      .where({ version_id: versionId })
      .orderBy('position');
    return rows.map(pageFromRow);
  }

  async received(limit: number): Promise<VersionRecord[]> {
    const rows = await this.#rows()
      .where({ verification: 'received' })
      .whereNull('purged_at')
      .orderBy('id')
      .limit(limit);
    return rows.map(toRecord);
  }

  async setVerification(id: number, verification: Verification): Promise<void> {
    await this.#rows().where({ id }).update({ verification });
  }

  async setDeletion(
    id: number,
    deletion: DeletionRecord | undefined,
  ): Promise<void> {
    await this.#rows().where({ id }).update(deletionToRow(deletion));
  }

  async setRetraction(id: number, retraction: Retraction): Promise<void> {
    const { at, by, reason } = retraction;
    await this.#knex('retractions').insert({ version_id: id, at, by, reason });
    await this.#rows().where({ id }).update({
      retracted_at: at,
      retracted_by: by,
      retraction_reason: reason,
    });
  }

  async retractionsAt(
    ids: readonly number[],
    time: string,
  ): Promise<Map<number, Retraction>> {
    const query = this.#knex('retractions')
      .where('at', '<=', time)
      .where(open => open.whereNull('ended_at').orWhere('ended_at', '>', time));
    whereAmong(query, 'version_id', ids);
    return new Map(
      (await query).map(({ version_id: id, at, by, reason }) => [
        toNumber(id),
        { at, by, reason },
      ]),
    );
  }

  async endRetraction(id: number, at: string): Promise<void> {
    await this.#knex('retractions')
      .where({ version_id: id })
      .whereNull('ended_at')
      .update({ ended_at: at });
    await this.#rows().where({ id }).update({
      retracted_at: null,
      retracted_by: null,
      retraction_reason: null,
    });
  }

  async countUntil(assetId: number, until: string): Promise<number> {
    const [row] = await this.#rows()
      .where({ asset_id: assetId })
      .where('created_at', '<=', until)
      .where(either =>
        either.whereNull('deleted_at').orWhere('deleted_at', '>', until),
      )
      .count({ count: '*' });
    return toNumber(row.count as number);
  }

  async setMetadata(id: number, metadata: JsonObject): Promise<void> {
    await this.#rows()
      .where({ id })
      .update({
        metadata: JSON.stringify(metadata),
        metadata_revision: this.#knex.raw('metadata_revision + 1'),
      });
  }

  async annotated(assetId: number): Promise<VersionRecord[]> {
    const rows = await this.#rows()
      .where({ asset_id: assetId })
      .where(either =>
        either
          .where('metadata_revision', '>', 1)
          .orWhereNotNull('retracted_at'),
      )
      .orderBy('sequence');
    return rows.map(toRecord);
  }

  async ofType(
    type: string,
    options: { after: number; limit: number },
  ): Promise<VersionRecord[]> {
    const rows = await this.#ofType(type)
      .where('versions.id', '>', options.after)
      .orderBy('versions.id')
      .limit(options.limit)
      .select<VersionRow[]>('versions.*');
    return rows.map(toRecord);
  }

  async countOfType(type: string): Promise<number> {
    const [row] = await this.#ofType(type).count({ count: '*' });
    return toNumber(row.count as number);
  }

  #ofType(type: string) {
    return this.#knex('versions')
      .join('assets', 'assets.id', 'versions.asset_id')
      .where('assets.type', type)
      .whereNull('assets.deleted_at')
      .whereNull('versions.deleted_at');
  }

  async purgeable(now: string, limit: number): Promise<VersionRecord[]> {
    const rows = await this.#rows()
      .where('undo_until', '<', now)
      .whereNull('purged_at')
      .whereNotIn(
        'asset_id',
        this.#knex('assets').whereNotNull('deleted_at').select('id'),
      )
      .whereNotExists(
        this.#knex('holds')
          .whereNull('ended_at')
          .whereRaw('holds.asset_id = versions.asset_id')
          .whereRaw(
            '(holds.version_id is null or holds.version_id = versions.id)',
          ),
      )
      .orderBy(['undo_until', 'id'])
      .limit(limit);
    return rows.map(toRecord);
  }

  async keptIds(assetId: number): Promise<number[]> {
    const ids = await this.#rows()
      .where({ asset_id: assetId })
      .whereNull('purged_at')
      .orderBy('id')
      .pluck('id');
    return ids.map(toNumber);
  }

  async deleted(assetId: number): Promise<VersionRecord[]> {
    const rows = await this.#rows()
      .where({ asset_id: assetId })
      .whereNotNull('deleted_at')
      .orderBy('sequence');
    return rows.map(toRecord);
  }

  async aliasesOf(id: number): Promise<string[]> {
    return this.#knex('aliases')
      .where({ version_id: id })
      .orderBy('name')
      .pluck('name');
  }

  async movePages(assetId: number, store: string, lastSequence: number) {
    const pages = () =>
      this.#knex<PageRow>('version_pages')
        .whereIn(
          'version_id',
          this.#knex('versions')
            .where({ asset_id: assetId })
            .where('sequence', '<=', lastSequence)
            .select('id'),
        )
        .whereNot({ store });
    const former = await pages().distinct('digest', 'store');
    await pages().update({ store });
    return former.map(page => ({
      digest: page.digest as Digest,
      store: page.store,
    }));
  }

  async sizes(assetId: number) {
    const [versions] = await this.#rows()
      .where({ asset_id: assetId })
      .whereNull('deleted_at')
      .count({ count: '*' });
    const [kept] = await this.#rows()
      .where({ asset_id: assetId })
      .whereNull('purged_at')
      .sum({ size: 'size' });
    const [blobs] = await this.#knex('blobs')
      .where({ asset_id: assetId })
      .sum({ size: 'size' });
    return {
      versionCount: toNumber(versions.count as number),
      logicalSize: toNumber(kept.size),
      storedSize: toNumber(blobs.size),
    };
  }

  #rows() {
    return this.#knex<VersionRow>('versions');
  }
}
