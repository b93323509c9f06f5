import {
  AssetChange,
  AssetChangeKind,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { AuditStore } from '../services/auditPorts';
import type { ChangeStore, NewChange, Viewer } from '../services/ports';
import { orUndefined, toNumber } from './rows';
import { whereVisible } from './visible';

/** Any number: it only has to be the same for all who append. */
const APPEND_LOCK = 4_151_942_028;

interface ChangeRow {
  sequence: number | string;
  asset_id: number | string;
  kind: string;
  subject: string | null;
  at: string;
  by: string;
}

/** What a change is about, as people name it. */
function objectOf({ asset, kind, subject }: NewChange): string {
  if (subject === undefined) return formatReference(asset);
  return kind === 'alias.moved'
    ? `${formatReference(asset)} alias ${subject}`
    : formatReference({ ...asset, selector: subject });
}

export class DatabaseChangeStore implements ChangeStore {
  readonly #knex: Knex;
  readonly #audit: AuditStore;

  constructor(knex: Knex, audit: AuditStore) {
    this.#knex = knex;
    this.#audit = audit;
  }

  /**
   * Appends, with the event of the audit trail, inside the caller's transaction.
   *
   * PostgreSQL gives out sequence numbers before it commits, so that a reader
   * could pass over a number that appears later. The lock, held until the
   * commit, makes the order of the numbers the order of the commits; SQLite
   * has one writer at a time anyway.
   */
  async append(change: NewChange): Promise<void> {
    if (this.#knex.client.config.client === 'pg') {
      await this.#knex.raw('select pg_advisory_xact_lock(?)', [APPEND_LOCK]);
    }
    await this.#knex<ChangeRow>('changes').insert({
      asset_id: change.asset.id,
      kind: change.kind,
      subject: change.subject ?? null,
      at: change.at,
      by: change.by,
    });
    // That something is hidden now is said by what hid it.
    if (change.kind === 'asset.hidden') return;
    await this.#audit.append({
      at: change.at,
      actor: change.by,
      action: change.kind,
      object: objectOf(change),
      assetId: change.asset.id,
      ...change.details,
    });
  }

  async list(options: {
    after: number;
    limit: number;
    viewer: Viewer;
  }): Promise<AssetChange[]> {
    const { viewer } = options;
    const query = this.#knex('changes')
      .join('assets', 'assets.id', 'changes.asset_id')
      .where('changes.sequence', '>', options.after)
      .orderBy('changes.sequence')
      .limit(options.limit)
      .select<(ChangeRow & { namespace: string; name: string; uid: string })[]>(
        'changes.*',
        'assets.namespace',
        'assets.name',
        'assets.uid',
      );
    // What is restricted now is so in its whole past. A service that copied an
    // asset while it could still see it has to hear that it is hidden.
    query.where(either => {
      whereVisible(either, viewer);
      if (
        viewer !== 'everything' &&
        viewer.kind === 'service' &&
        viewer.sees.includes('internal')
      ) {
        either.orWhere('changes.kind', 'asset.hidden');
      }
    });
    return (await query).map(row => ({
      sequence: toNumber(row.sequence),
      kind: row.kind as AssetChangeKind,
      namespace: row.namespace,
      name: row.name,
      uid: row.uid,
      subject: orUndefined(row.subject),
      at: row.at,
      by: row.by,
    }));
  }

  async position(reader: string): Promise<number> {
    const row = await this.#knex('change_readers')
      .where({ name: reader })
      .first();
    return toNumber(row?.sequence);
  }

  async setPosition(reader: string, sequence: number): Promise<void> {
    await this.#knex('change_readers')
      .insert({ name: reader, sequence })
      .onConflict('name')
      .merge();
  }
}
