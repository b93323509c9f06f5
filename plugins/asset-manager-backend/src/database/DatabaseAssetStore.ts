import { ConflictError, InputError, NotFoundError } from '@backstage/errors';
import {
  AssetDeclaration,
  AssetFacets,
  assetKey,
  AssetName,
  AssetQuery,
  Digest,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { Caller } from '../model/caller';
import type {
  AssetListRecord,
  AssetRecord,
  AssetStore,
  DeletionRecord,
  Viewer,
} from '../services/ports';
import {
  deletionFromRow,
  DeletionRow,
  deletionToRow,
  orUndefined,
  toNumber,
} from './rows';
import { orWhereGranted, whereVisible } from './visible';

interface AssetRow extends DeletionRow {
  id: number | string;
  uid: string;
  namespace: string;
  name: string;
  key: string;
  type: string;
  owner: string;
  system: string | null;
  visibility: string;
  title: string | null;
  description: string | null;
  tags: string;
  relations: string;
  revision: number;
  created_at: string;
  created_by: string;
  updated_at: string;
}

interface ListRow extends AssetRow {
  version_count: number | string;
  label: string | null;
  digest: string;
  size: number | string;
  file_count: number;
  version_created_at: string;
  sort_value: string | number;
}

const LATEST = `(select max(v.sequence) from versions v
  where v.asset_id = assets.id
    and v.deleted_at is null and v.retracted_at is null)`;
const COUNT = `(select count(*) from versions v
  where v.asset_id = assets.id and v.deleted_at is null)`;

/** How each order is spelled: the column to sort by and the direction. */
const ORDERS: Record<
  NonNullable<AssetQuery['sort']>,
  { by: string; down: boolean; numeric?: true }
> = {
  updated: { by: 'assets.updated_at', down: false },
  '-updated': { by: 'assets.updated_at', down: true },
  name: { by: 'assets.key', down: false },
  '-name': { by: 'assets.key', down: true },
  size: { by: 'coalesce(latest.size, 0)', down: false, numeric: true },
  '-size': { by: 'coalesce(latest.size, 0)', down: true, numeric: true },
};

function toRecord(row: AssetRow): AssetRecord {
  return {
    id: toNumber(row.id),
    uid: row.uid,
    namespace: row.namespace,
    name: row.name,
    type: row.type,
    owner: row.owner,
    system: orUndefined(row.system),
    visibility: row.visibility as Visibility,
    title: orUndefined(row.title),
    description: orUndefined(row.description),
    tags: JSON.parse(row.tags),
    relations: JSON.parse(row.relations),
    revision: row.revision,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    deletion: deletionFromRow(row),
  };
}

function toRow(
  asset: Omit<AssetRecord, 'id'>,
): Omit<AssetRow, 'id' | keyof DeletionRow> {
  return {
    uid: asset.uid,
    namespace: asset.namespace,
    name: asset.name,
    key: assetKey(asset),
    type: asset.type,
    owner: asset.owner,
    system: asset.system ?? null,
    visibility: asset.visibility,
    title: asset.title ?? null,
    description: asset.description ?? null,
    tags: JSON.stringify(asset.tags),
    relations: JSON.stringify(asset.relations),
    revision: asset.revision,
    created_at: asset.createdAt,
    created_by: asset.createdBy,
    updated_at: asset.updatedAt,
  };
}

function readCursor(cursor: string): [string | number, number] {
  try {
    const [value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (
      (typeof value !== 'string' && typeof value !== 'number') ||
      typeof id !== 'number'
    ) {
      throw new Error();
    }
    return [value, id];
  } catch {
    throw new InputError(
      'cursor is not one that a list gave; leave it out to begin again',
    );
  }
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, character => `\\${character}`);
}

export class DatabaseAssetStore implements AssetStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(
    name: AssetName,
    viewer: Viewer,
  ): Promise<AssetRecord | undefined> {
    const query = this.#knex<AssetRow>('assets').where('key', assetKey(name));
    whereVisible(query, viewer);
    const row = await query.first<AssetRow | undefined>();
    return row && toRecord(row);
  }

  async byId(id: number): Promise<AssetRecord> {
    const row = await this.#knex<AssetRow>('assets').where({ id }).first();
    if (!row) throw new NotFoundError(`there is no asset ${id}`);
    return toRecord(row);
  }

  async list(options: {
    query: AssetQuery;
    viewer: Viewer;
    limit: number;
    cursor?: string;
  }): Promise<{ items: AssetListRecord[]; nextCursor?: string }> {
    const { query, viewer, limit } = options;
    const order = ORDERS[query.sort ?? '-updated'];
    const direction = order.down ? 'desc' : 'asc';
    const rows = this.#knex('assets')
      .leftJoin('versions as latest', join => {
        join
          .on('latest.asset_id', 'assets.id')
          .andOn('latest.sequence', this.#knex.raw(LATEST));
      })
      .select<ListRow[]>(
        'assets.*',
        'latest.label',
        'latest.digest',
        'latest.size',
        'latest.file_count',
        'latest.created_at as version_created_at',
        this.#knex.raw(`${COUNT} as version_count`),
        this.#knex.raw(`${order.by} as sort_value`),
      )
      .orderByRaw(`${order.by} ${direction}, assets.id ${direction}`)
      .limit(limit + 1);
    this.#narrow(rows, query, viewer);
    if (options.cursor) {
      const [value, id] = readCursor(options.cursor);
      rows.whereRaw(
        `(${order.by}, assets.id) ${order.down ? '<' : '>'} (?, ?)`,
        [value, id],
      );
    }
    const found = (await rows) as ListRow[];
    const shown = found.slice(0, limit);
    const ids = shown.map(row => toNumber(row.id));
    const aliases = await this.#aliasesOf(ids);
    const declarations = await this.#declarationsOf(ids);
    const items = shown.map(
      (row): AssetListRecord => ({
        ...toRecord(row),
        versionCount: toNumber(row.version_count),
        latest:
          row.label === null
            ? undefined
            : {
                label: row.label,
                digest: row.digest as Digest,
                size: toNumber(row.size),
                fileCount: row.file_count,
                createdAt: row.version_created_at,
              },
        aliases: aliases.get(toNumber(row.id)) ?? [],
        declaration: declarations.get(toNumber(row.id)),
      }),
    );
    const last = shown.at(-1);
    return found.length > limit && last
      ? {
          items,
          nextCursor: Buffer.from(
            JSON.stringify([
              order.numeric ? toNumber(last.sort_value) : last.sort_value,
              toNumber(last.id),
            ]),
          ).toString('base64url'),
        }
      : { items };
  }

  async facets(query: AssetQuery, viewer: Viewer): Promise<AssetFacets> {
    const count = async (
      field: 'type' | 'owner' | 'namespace' | 'visibility',
    ) => {
      const { [field]: _own, ...others } = query;
      const rows = this.#knex('assets')
        .select<{ value: string; count: number | string }[]>(
          `assets.${field} as value`,
          this.#knex.raw('count(*) as count'),
        )
        .groupBy(`assets.${field}`)
        .orderBy([{ column: 'count', order: 'desc' }, { column: 'value' }])
        .limit(50);
      this.#narrow(rows, others, viewer);
      return (await rows).map(row => ({
        value: row.value,
        count: toNumber(row.count),
      }));
    };
    return {
      type: await count('type'),
      owner: await count('owner'),
      namespace: await count('namespace'),
      visibility: await count('visibility'),
      tag: await this.#countTags(query, viewer),
    };
  }

  async similar(name: AssetName, viewer: Viewer): Promise<AssetName[]> {
    const query = this.#knex('assets')
      .select<{ namespace: string; name: string }[]>('namespace', 'name')
      .where('namespace', name.namespace)
      .orderBy('key')
      .limit(5000);
    whereVisible(query, viewer);
    return query;
  }

  async insert(asset: Omit<AssetRecord, 'id'>): Promise<AssetRecord> {
    const [row] = await this.#knex<AssetRow>('assets')
      .insert(toRow(asset))
      .onConflict('key')
      .ignore()
      .returning('id');
    if (!row) {
      throw new ConflictError(
        `the name ${asset.namespace}/${asset.name} is taken`,
      );
    }
    return { ...asset, id: toNumber(row.id) };
  }

  async update(asset: AssetRecord): Promise<AssetRecord> {
    const changed = { ...asset, revision: asset.revision + 1 };
    const count = await this.#knex<AssetRow>('assets')
      .where({ id: asset.id, revision: asset.revision })
      .update(toRow(changed));
    if (count === 0) {
      throw new ConflictError(
        `${asset.namespace}/${asset.name} was changed by somebody else in the meantime; look at it and try again`,
      );
    }
    return changed;
  }

  async touch(id: number, at: string): Promise<void> {
    await this.#knex<AssetRow>('assets')
      .where({ id })
      .update({ updated_at: at });
  }

  async setDeletion(
    id: number,
    deletion: DeletionRecord | undefined,
  ): Promise<void> {
    await this.#knex<AssetRow>('assets')
      .where({ id })
      .update(deletionToRow(deletion));
  }

  async deleted(caller: Caller, limit: number): Promise<AssetRecord[]> {
    const rows = await this.#knex<AssetRow>('assets')
      .where(either => {
        either.whereIn('owner', [...caller.ownershipEntityRefs]);
        orWhereGranted(either, caller, {
          effect: 'allow',
          roles: ['maintainer', 'admin'],
        });
      })
      .whereNotNull('deleted_at')
      .whereNull('purged_at')
      .orderBy('deleted_at', 'desc')
      .limit(limit);
    return rows.map(toRecord);
  }

  async purgeable(now: string, limit: number): Promise<AssetRecord[]> {
    const rows = await this.#knex<AssetRow>('assets')
      .where('undo_until', '<', now)
      .whereNull('purged_at')
      .whereNotIn(
        'id',
        this.#knex('holds').whereNull('ended_at').select('asset_id'),
      )
      .orderBy('undo_until')
      .limit(limit);
    return rows.map(toRecord);
  }

  async freeName(id: number): Promise<void> {
    // No name has the form of an uid alone: they all have a namespace before a slash.
    await this.#knex('assets')
      .where({ id })
      .update({ key: this.#knex.ref('uid') });
  }

  async lock(id: number): Promise<void> {
    // SQLite has one writer at a time anyway.
    if (this.#knex.client.config.client === 'pg') {
      await this.#knex('assets').where({ id }).forUpdate().select('id');
    }
  }

  #narrow(rows: Knex.QueryBuilder, query: AssetQuery, viewer: Viewer): void {
    whereVisible(rows, viewer);
    if (query.asOf !== undefined)
      rows.where('assets.created_at', '<=', query.asOf);
    for (const field of ['namespace', 'type', 'owner', 'visibility'] as const) {
      const values = query[field];
      if (values?.length) rows.whereIn(`assets.${field}`, values);
    }
    for (const tag of query.tag ?? []) {
      rows.whereRaw(`assets.tags like ? escape '\\'`, [
        `%${escapeLike(JSON.stringify(tag))}%`,
      ]);
    }
    for (const word of query.text?.trim().split(/\s+/).filter(Boolean) ?? []) {
      const pattern = `%${escapeLike(word.toLocaleLowerCase('en-US'))}%`;
      rows.whereRaw(
        `(assets.key like ? escape '\\'
          or lower(coalesce(assets.title, '')) like ? escape '\\'
          or lower(coalesce(assets.description, '')) like ? escape '\\'
          or lower(assets.tags) like ? escape '\\')`,
        [pattern, pattern, pattern, pattern],
      );
    }
  }

  async #countTags(
    query: AssetQuery,
    viewer: Viewer,
  ): Promise<{ value: string; count: number }[]> {
    const rows = this.#knex('assets')
      .select<{ tags: string; count: number | string }[]>(
        'assets.tags',
        this.#knex.raw('count(*) as count'),
      )
      .whereNot('assets.tags', '[]')
      .groupBy('assets.tags');
    this.#narrow(rows, query, viewer);
    const counts = new Map<string, number>();
    for (const row of await rows) {
      for (const tag of JSON.parse(row.tags) as string[]) {
        counts.set(tag, (counts.get(tag) ?? 0) + toNumber(row.count));
      }
    }
    return [...counts]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value))
      .slice(0, 50);
  }

  async #declarationsOf(ids: number[]): Promise<Map<number, AssetDeclaration>> {
    const result = new Map<number, AssetDeclaration>();
    if (ids.length === 0) return result;
    const rows = await this.#knex('declarations')
      .whereIn('asset_id', ids)
      // The accepted one is written last, and stays.
      .orderBy([{ column: 'state', order: 'desc' }, { column: 'seen_at' }])
      .select<
        {
          asset_id: number | string;
          location: string;
          state: AssetDeclaration['state'];
          seen_at: string;
        }[]
      >('asset_id', 'location', 'state', 'seen_at');
    for (const { asset_id, location, state, seen_at } of rows) {
      result.set(toNumber(asset_id), { location, state, seenAt: seen_at });
    }
    return result;
  }

  async #aliasesOf(
    ids: number[],
  ): Promise<Map<number, AssetListRecord['aliases']>> {
    const result = new Map<number, AssetListRecord['aliases']>();
    if (ids.length === 0) return result;
    const rows = await this.#knex('aliases')
      .join('versions', 'versions.id', 'aliases.version_id')
      .whereIn('aliases.asset_id', ids)
      .orderBy('aliases.name')
      .select<{ asset_id: number | string; name: string; label: string }[]>(
        'aliases.asset_id',
        'aliases.name',
        'versions.label',
      );
    for (const { asset_id, name, label } of rows) {
      const id = toNumber(asset_id);
      result.set(id, [...(result.get(id) ?? []), { name, label }]);
    }
    return result;
  }
}
