import type {
  AuditCheckpoint,
  AuditEvent,
  AuditSeal,
  Digest,
  RecordedAuditEvent,
} from '@baseasset/backstage-plugin-asset-manager-common';
import canonicalize from 'canonicalize';
import type { Knex } from 'knex';
import { ulid } from 'ulid';
import type {
  AuditFilter,
  AuditStore,
  NewAuditEvent,
  StoredAuditEvent,
} from '../services/auditPorts';
import { requestContext } from '../services/requestContext';
import { inBatches, toNumber } from './rows';

interface EventRow {
  id: number | string;
  content: string;
  at: string;
  actor: string;
  action: string;
  outcome: string;
  asset_id: number | string | null;
}

interface SealRow {
  sequence: number | string;
  event_id: number | string;
  hash: string;
  sealed_at: string;
}

interface CheckpointRow {
  sequence: number | string;
  hash: string;
  at: string;
  public_key: string;
  signature: string;
}

const toSeal = (row: SealRow): AuditSeal => ({
  sequence: toNumber(row.sequence),
  hash: row.hash as Digest,
  sealedAt: row.sealed_at,
});

const toCheckpoint = (row: CheckpointRow): AuditCheckpoint => ({
  sequence: toNumber(row.sequence),
  hash: row.hash as Digest,
  at: row.at,
  publicKey: row.public_key,
  signature: row.signature,
});

export class DatabaseAuditStore implements AuditStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async append({ assetId, ...event }: NewAuditEvent): Promise<void> {
    const context = requestContext.getStore();
    const whole: AuditEvent = {
      outcome: 'succeeded',
      ...event,
      id: ulid().toLowerCase(),
      via: context?.via,
      request: context?.request,
    };
    await this.#events().insert({
      // Canonical JSON knows nothing undefined.
      content: canonicalize(JSON.parse(JSON.stringify(whole)))!,
      at: whole.at,
      actor: whole.actor,
      action: whole.action,
      outcome: whole.outcome,
      asset_id: assetId ?? null,
    });
  }

  async list(options: {
    filter: AuditFilter;
    before?: number;
    limit: number;
  }): Promise<(RecordedAuditEvent & { rowId: number })[]> {
    const { filter, before, limit } = options;
    const query = this.#knex('audit_events')
      .leftJoin('audit_seals', 'audit_seals.event_id', 'audit_events.id')
      .orderBy('audit_events.id', 'desc')
      .limit(limit)
      .select<(EventRow & Partial<SealRow>)[]>(
        'audit_events.*',
        'audit_seals.sequence',
        'audit_seals.hash',
        'audit_seals.sealed_at',
      );
    if (before !== undefined) query.where('audit_events.id', '<', before);
    const { assetId, actor, action, outcome, since, until } = filter;
    if (assetId !== undefined) query.where({ asset_id: assetId });
    if (actor !== undefined) query.where({ actor });
    if (action !== undefined)
      query
        .where('action', '>=', action)
        .where('action', '<', `${action}\uffff`);
    for (const beginning of filter.without ?? [])
      query.whereNot('action', 'like', `${beginning}%`);
    if (outcome !== undefined) query.where({ outcome });
    if (since !== undefined) query.where('audit_events.at', '>=', since);
    if (until !== undefined) query.where('audit_events.at', '<', until);
    return (await query).map(row => ({
      rowId: toNumber(row.id),
      event: JSON.parse(row.content),
      seal:
        row.sequence === null || row.sequence === undefined
          ? undefined
          : toSeal(row as SealRow),
    }));
  }

  async head(): Promise<(AuditSeal & { newestRow: number }) | undefined> {
    const last = await this.#seals().orderBy('sequence', 'desc').first();
    if (!last) return undefined;
    const newest = await this.#knex('audit_seals')
      .max({ row: 'event_id' })
      .first();
    return { ...toSeal(last), newestRow: toNumber(newest?.row) };
  }

  async unsealed(options: {
    above: number;
    limit: number;
  }): Promise<StoredAuditEvent[]> {
    const rows = await this.#events()
      .where('id', '>', options.above)
      .whereNotExists(
        this.#knex('audit_seals').whereRaw(
          'audit_seals.event_id = audit_events.id',
        ),
      )
      .orderBy('id')
      .limit(options.limit);
    return rows.map(({ id, content, at }) => ({
      rowId: toNumber(id),
      content,
      at,
    }));
  }

  async seal(
    seals: readonly (AuditSeal & { rowId: number })[],
  ): Promise<boolean> {
    try {
      await this.#knex.transaction(async transaction => {
        for (const batch of inBatches(seals))
          await transaction<SealRow>('audit_seals').insert(
            batch.map(({ sequence, rowId, hash, sealedAt }) => ({
              sequence,
              event_id: rowId,
              hash,
              sealed_at: sealedAt,
            })),
          );
      });
      return true;
    } catch (error) {
      const head = await this.head();
      if (head && head.sequence >= seals[0].sequence) return false;
      throw error;
    }
  }

  async lastCheckpoint(): Promise<AuditCheckpoint | undefined> {
    const row = await this.#checkpoints().orderBy('sequence', 'desc').first();
    return row && toCheckpoint(row);
  }

  async addCheckpoint(checkpoint: AuditCheckpoint): Promise<void> {
    const { sequence } = checkpoint;
    // The triggers refuse what would only be passed over, too.
    if (await this.#checkpoints().where({ sequence }).first()) return;
    await this.#checkpoints()
      .insert({
        sequence,
        hash: checkpoint.hash,
        at: checkpoint.at,
        public_key: checkpoint.publicKey,
        signature: checkpoint.signature,
      })
      .onConflict('sequence')
      .ignore();
  }

  async chain(options: {
    above: number;
    limit: number;
  }): Promise<(AuditSeal & { content?: string })[]> {
    const rows = await this.#knex('audit_seals')
      .leftJoin('audit_events', 'audit_events.id', 'audit_seals.event_id')
      .where('audit_seals.sequence', '>', options.above)
      .orderBy('audit_seals.sequence')
      .limit(options.limit)
      .select<(SealRow & { content: string | null })[]>(
        'audit_seals.*',
        'audit_events.content',
      );
    return rows.map(row => ({
      ...toSeal(row),
      content: row.content ?? undefined,
    }));
  }

  async checkpoints(options: {
    above: number;
    limit: number;
  }): Promise<AuditCheckpoint[]> {
    const rows = await this.#checkpoints()
      .where('sequence', '>', options.above)
      .orderBy('sequence')
      .limit(options.limit);
    return rows.map(toCheckpoint);
  }

  #events() {
    return this.#knex<EventRow>('audit_events');
  }

  #seals() {
    return this.#knex<SealRow>('audit_seals');
  }

  #checkpoints() {
    return this.#knex<CheckpointRow>('audit_checkpoints');
  }
}
