import {
  formatScope,
  Grant,
  GrantScope,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { HeldGrant } from '../model/caller';
import type {
  GrantedPlace,
  GrantRecord,
  GrantStore,
} from '../services/accessPorts';
import { orUndefined, toNumber } from './rows';
import { whereAmong } from './among';

interface GrantRow {
  id: string;
  effect: string;
  role: string;
  principal: string;
  scope_kind: string;
  scope_name: string | null;
  asset_id: number | string | null;
  expires_at: string | null;
  reason: string | null;
  created_at: string;
  created_by: string;
  ended_at: string | null;
  ended_by: string | null;
}

interface NamedRow extends GrantRow {
  asset_namespace: string | null;
  asset_name: string | null;
}

function scopeOf(row: NamedRow): GrantScope {
  if (row.scope_kind === 'everything') return { kind: 'everything' };
  if (row.scope_kind === 'asset')
    return {
      kind: 'asset',
      namespace: row.asset_namespace!,
      name: row.asset_name!,
    };
  return {
    kind: row.scope_kind as 'namespace' | 'type',
    name: row.scope_name!,
  };
}

function heldScopeOf(row: GrantRow): HeldGrant['scope'] {
  switch (row.scope_kind) {
    case 'everything':
      return { kind: 'everything' };
    case 'asset':
      return { kind: 'asset', id: toNumber(row.asset_id!) };
    default:
      return {
        kind: row.scope_kind as 'namespace' | 'type',
        name: row.scope_name!,
      };
  }
}

function toRecord(row: NamedRow): GrantRecord {
  return {
    id: row.id,
    effect: row.effect as Grant['effect'],
    role: row.role as Role,
    principal: row.principal,
    scope: formatScope(scopeOf(row)),
    expiresAt: orUndefined(row.expires_at),
    reason: orUndefined(row.reason),
    createdAt: row.created_at,
    createdBy: row.created_by,
    assetId: row.asset_id === null ? undefined : toNumber(row.asset_id),
  };
}

/** Grants that nobody has ended, and whose time is not over. */
function whereInForce(grants: Knex.QueryBuilder, now: string): void {
  grants.whereNull('grants.ended_at').where(either => {
    either
      .whereNull('grants.expires_at')
      .orWhere('grants.expires_at', '>', now);
  });
}

export class DatabaseGrantStore implements GrantStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(id: string, now: string): Promise<GrantRecord | undefined> {
    const [row] = await this.#inForce(now).where('grants.id', id);
    return row && toRecord(row);
  }

  async at(
    place: GrantedPlace,
    now: string,
    principals?: readonly string[],
  ): Promise<GrantRecord[]> {
    const query = this.#inForce(now)
      .where(either => {
        either.where('grants.scope_kind', 'everything');
        for (const kind of ['namespace', 'type'] as const) {
          const name = place[kind];
          if (name === undefined) continue;
          either.orWhere(scope =>
            scope
              .where('grants.scope_kind', kind)
              .where('grants.scope_name', name),
          );
        }
        if (place.assetId !== undefined)
          either.orWhere('grants.asset_id', place.assetId);
      })
      .orderBy('grants.id');
    if (principals) query.whereIn('grants.principal', [...principals]);
    return (await query).map(toRecord);
  }

  async heldBy(
    principals: readonly string[],
    now: string,
  ): Promise<HeldGrant[]> {
    const query = this.#knex('grants').select<GrantRow[]>(
      'effect',
      'role',
      'scope_kind',
      'scope_name',
      'asset_id',
      'expires_at',
    );
    whereAmong(query, 'grants.principal', principals);
    whereInForce(query, now);
    return (await query).map(row => ({
      effect: row.effect as Grant['effect'],
      role: row.role as Role,
      scope: heldScopeOf(row),
      expiresAt: orUndefined(row.expires_at),
    }));
  }

  async insert(grant: Grant, scope: GrantScope, assetId?: number) {
    await this.#knex<GrantRow>('grants').insert({
      id: grant.id,
      effect: grant.effect,
      role: grant.role,
      principal: grant.principal,
      scope_kind: scope.kind,
      scope_name:
        scope.kind === 'namespace' || scope.kind === 'type' ? scope.name : null,
      asset_id: assetId ?? null,
      expires_at: grant.expiresAt ?? null,
      reason: grant.reason ?? null,
      created_at: grant.createdAt,
      created_by: grant.createdBy,
    });
  }

  async end(id: string, at: string, by: string): Promise<void> {
    await this.#knex<GrantRow>('grants')
      .where({ id })
      .whereNull('ended_at')
      .update({ ended_at: at, ended_by: by });
  }

  #inForce(now: string): Knex.QueryBuilder<NamedRow, NamedRow[]> {
    const query = this.#knex('grants')
      .leftJoin('assets', 'assets.id', 'grants.asset_id')
      .select<NamedRow[]>(
        'grants.*',
        'assets.namespace as asset_namespace',
        'assets.name as asset_name',
      );
    whereInForce(query, now);
    return query;
  }
}
