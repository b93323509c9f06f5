import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { PageRecord, UploadRecord, UploadStore } from '../services/ports';
import { pageFromRow, PageRow, pageToRow } from './DatabaseVersionStore';
import { toNumber } from './rows';

interface UploadRow {
  id: string;
  asset_id: number | string;
  store: string;
  digest: string;
  file_count: number;
  size: number | string;
  created_at: string;
  created_by: string;
  expires_at: string;
  heard_at: string | null;
  arrived_size: number | string;
}

interface PartRow {
  upload_id: string;
  digest: string;
  number: number;
}

function toRecord(row: UploadRow): UploadRecord {
  return {
    id: row.id,
    assetId: toNumber(row.asset_id),
    store: row.store,
    digest: row.digest as Digest,
    fileCount: row.file_count,
    size: toNumber(row.size),
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    heardAt: row.heard_at ?? row.created_at,
  };
}

export class DatabaseUploadStore implements UploadStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(id: string): Promise<UploadRecord | undefined> {
    const row = await this.#uploads().where({ id }).first();
    return row && toRecord(row);
  }

  async findByDigest(options: {
    assetId: number;
    digest: Digest;
    createdBy: string;
  }): Promise<UploadRecord | undefined> {
    const row = await this.#uploads()
      .where({
        asset_id: options.assetId,
        digest: options.digest,
        created_by: options.createdBy,
      })
      .first();
    return row && toRecord(row);
  }

  async insert(upload: UploadRecord): Promise<void> {
    await this.#uploads()
      .insert({
        id: upload.id,
        asset_id: upload.assetId,
        store: upload.store,
        digest: upload.digest,
        file_count: upload.fileCount,
        size: upload.size,
        created_at: upload.createdAt,
        created_by: upload.createdBy,
        expires_at: upload.expiresAt,
        heard_at: upload.heardAt,
      })
      .onConflict(['asset_id', 'digest', 'created_by'])
      .ignore();
  }

  async heard(id: string, at: string, expiresAt: string): Promise<void> {
    await this.#uploads()
      .where({ id })
      .update({ heard_at: at, expires_at: expiresAt });
  }

  async remove(id: string): Promise<void> {
    await this.#knex('upload_parts').where({ upload_id: id }).delete();
    await this.#tokens().where({ upload_id: id }).delete();
    await this.#knex('upload_pages').where({ upload_id: id }).delete();
    await this.#uploads().where({ id }).delete();
  }

  async expired(now: string, limit: number): Promise<UploadRecord[]> {
    return (
      await this.#uploads().where('expires_at', '<', now).limit(limit)
    ).map(toRecord);
  }

  async openUntil(assetId: number, now: string): Promise<string | undefined> {
    const row = await this.#uploads()
      .where({ asset_id: assetId })
      .where('expires_at', '>=', now)
      .orderBy('expires_at', 'desc')
      .first();
    return row?.expires_at;
  }

  async openOf(createdBy: string, now: string): Promise<UploadRecord[]> {
    return (
      await this.#uploads()
        .where({ created_by: createdBy })
        .where('expires_at', '>=', now)
        .orderBy('id', 'desc')
        .limit(200)
    ).map(toRecord);
  }

  async pages(id: string): Promise<PageRecord[]> {
    const rows = await this.#knex<PageRow & { upload_id: string }>(
      'upload_pages',
    )
      .where({ upload_id: id })
      .orderBy('position');
    return rows.map(pageFromRow);
  }

  async setPage(
    id: string,
    page: PageRecord,
    missingSize: number,
  ): Promise<void> {
    await this.#knex('upload_pages')
      .insert({
        upload_id: id,
        ...pageToRow(page),
        missing_size: missingSize,
      })
      .onConflict(['upload_id', 'position'])
      .merge();
  }

  async forgetMissing(id: string): Promise<void> {
    await this.#knex('upload_pages')
      .where({ upload_id: id })
      .update({ missing_size: 0 });
    await this.#uploads().where({ id }).update({ arrived_size: 0 });
  }

  async arrivedSize(id: string): Promise<number> {
    const row = await this.#uploads().where({ id }).first('arrived_size');
    return toNumber(row?.arrived_size ?? 0);
  }

  async addArrived(id: string, size: number): Promise<void> {
    await this.#uploads().where({ id }).increment('arrived_size', size);
  }

  async awaitedSize(options: {
    namespace: string;
    except: string;
    heardAfter: string;
  }): Promise<number> {
    const rows: { missing: number; arrived: number }[] = await this.#knex(
      'uploads as u',
    )
      .join('assets as a', 'a.id', 'u.asset_id')
      .join('upload_pages as p', 'p.upload_id', 'u.id')
      .where('a.namespace', options.namespace)
      .whereNot('u.id', options.except)
      .where('u.heard_at', '>', options.heardAfter)
      .groupBy('u.id', 'u.arrived_size')
      .select({ arrived: 'u.arrived_size' })
      .sum({ missing: 'p.missing_size' });
    return rows.reduce(
      (sum, { missing, arrived }) =>
        sum + Math.max(0, toNumber(missing) - toNumber(arrived)),
      0,
    );
  }

  async lockNamespace(namespace: string): Promise<void> {
    await this.#knex('namespace_locks')
      .insert({ namespace })
      .onConflict('namespace')
      .ignore();
    await this.#knex('namespace_locks').where({ namespace }).forUpdate();
  }

  async missingSize(id: string, before: number): Promise<number> {
    const [row] = await this.#knex('upload_pages')
      .where({ upload_id: id })
      .where('position', '<', before)
      .sum({ size: 'missing_size' });
    return toNumber(row.size);
  }

  async parts(id: string): Promise<Map<Digest, number[]>> {
    const parts = new Map<Digest, number[]>();
    for (const row of await this.#parts()
      .where({ upload_id: id })
      .orderBy('number')) {
      const digest = row.digest as Digest;
      parts.set(digest, [...(parts.get(digest) ?? []), row.number]);
    }
    return parts;
  }

  async addPart(id: string, digest: Digest, number: number): Promise<void> {
    await this.#parts()
      .insert({ upload_id: id, digest, number })
      .onConflict(['upload_id', 'digest', 'number'])
      .ignore();
  }

  async removeParts(id: string, digest: Digest): Promise<void> {
    await this.#parts().where({ upload_id: id, digest }).delete();
  }

  async tokens(id: string): Promise<Map<Digest, string>> {
    const rows = await this.#tokens().where({ upload_id: id });
    return new Map(rows.map(row => [row.digest as Digest, row.token]));
  }

  async addToken(id: string, digest: Digest, token: string): Promise<string> {
    await this.#tokens()
      .insert({ upload_id: id, digest, token })
      .onConflict(['upload_id', 'digest'])
      .ignore();
    const row = await this.#tokens().where({ upload_id: id, digest }).first();
    return row?.token ?? token;
  }

  async removeToken(id: string, digest: Digest): Promise<void> {
    await this.#tokens().where({ upload_id: id, digest }).delete();
  }

  #uploads() {
    return this.#knex<UploadRow>('uploads');
  }

  #tokens() {
    return this.#knex<{ upload_id: string; digest: string; token: string }>(
      'upload_blobs',
    );
  }

  #parts() {
    return this.#knex<PartRow>('upload_parts');
  }
}
