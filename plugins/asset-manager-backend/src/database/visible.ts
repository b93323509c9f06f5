import type { Role } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { Caller } from '../model/caller';
import type { AssetCriteria } from '../model/policy';
import type { Viewer } from '../services/ports';

/**
 * The one predicate of what a viewer may see, for queries over `assets`: what its
 * visibility shows, what is the viewer's own or granted, without what is denied.
 * Deleted ones are for nobody. `accessTo` decides the same for a single asset.
 */
export function whereVisible(query: Knex.QueryBuilder, viewer: Viewer): void {
  if (viewer === 'everything') return;
  query.whereNull('assets.deleted_at');
  const permitted = viewer.policy['asset.read'];
  if (permitted === false) query.whereRaw('1 = 0');
  else if (permitted !== true) query.where(all => whereMeets(all, permitted));
  if (viewer.administrator) return;
  query
    .where(either => {
      either
        .whereIn('assets.visibility', [...viewer.sees])
        .orWhere(own =>
          whereAmong(own, 'assets.owner', viewer.ownershipEntityRefs),
        );
      orWhereGranted(either, viewer, { effect: 'allow' });
    })
    .whereNot(none => {
      orWhereGranted(none, viewer, { effect: 'deny', roles: ['reader'] });
    });
}

/**
 * Adds the assets that grants of a caller hold for. The grants are looked up
 * once for the whole query, and not for every asset.
 */
export function orWhereGranted(
  query: Knex.QueryBuilder,
  caller: Caller,
  options: { effect: 'allow' | 'deny'; roles?: readonly Role[] },
): void {
  const grants =
    (kind: string, column: string) => (rows: Knex.QueryBuilder) => {
      rows
        .select(column)
        .from('grants')
        .where('grants.scope_kind', kind)
        .where('grants.effect', options.effect);
      whereAmong(rows, 'grants.principal', caller.ownershipEntityRefs);
      if (options.roles) rows.whereIn('grants.role', [...options.roles]);
      whereInForce(rows, new Date().toISOString());
    };
  query
    .orWhereIn('assets.id', grants('asset', 'grants.asset_id'))
    .orWhereIn('assets.namespace', grants('namespace', 'grants.scope_name'))
    .orWhereIn('assets.type', grants('type', 'grants.scope_name'))
    .orWhereExists(grants('everything', 'grants.id'));
}

/**
 * `column in (…)` for what may be hundreds of values: one binding instead of one
 * for each, which would take longer than the query.
 */
function whereAmong(
  query: Knex.QueryBuilder,
  column: string,
  values: readonly string[],
): void {
  const list =
    query.client.config.client === 'pg'
      ? 'select jsonb_array_elements_text(?::jsonb)'
      : 'select value from json_each(?)';
  query.whereRaw(`?? in (${list})`, [column, JSON.stringify(values)]);
}

/** What the conditions of the portal's policy let through. */
function whereMeets(query: Knex.QueryBuilder, criteria: AssetCriteria): void {
  if ('allOf' in criteria) {
    for (const each of criteria.allOf)
      query.where(part => whereMeets(part, each));
  } else if ('anyOf' in criteria) {
    query.where(any => {
      for (const each of criteria.anyOf)
        any.orWhere(part => whereMeets(part, each));
    });
  } else if ('not' in criteria) {
    query.whereNot(none => whereMeets(none, criteria.not));
  } else if (criteria.field === 'alias') {
    // Seeing an asset is about no alias.
    query.whereRaw('1 = 0');
  } else {
    query.whereIn(`assets.${criteria.field}`, criteria.values);
  }
}

/** Grants that nobody has ended, and whose time is not over. */
export function whereInForce(grants: Knex.QueryBuilder, now: string): void {
  grants.whereNull('grants.ended_at').where(either => {
    either
      .whereNull('grants.expires_at')
      .orWhere('grants.expires_at', '>', now);
  });
}
