import type { Role } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import type { Caller } from '../model/caller';
import type { AssetCriteria } from '../model/policy';
import type { Viewer } from '../services/ports';
import { whereAmong } from './among';

/**
 * The one predicate of what a viewer may see, for queries over `assets`: what its
 * visibility shows, what is the viewer's own or granted, without what is denied.
 * Deleted ones are for nobody, but for what tells of the past. `accessTo` decides the
 * same for a single asset.
 */
export function whereVisible(
  query: Knex.QueryBuilder,
  viewer: Viewer,
  { deleted = false } = {},
): void {
  if (viewer === 'everything') return;
  if (!deleted) query.whereNull('assets.deleted_at');
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

/** Adds the assets that grants of a caller hold for. */
export function orWhereGranted(
  query: Knex.QueryBuilder,
  caller: Caller,
  options: { effect: 'allow' | 'deny'; roles?: readonly Role[] },
): void {
  const now = new Date().toISOString();
  const assets: number[] = [];
  const names: Record<'namespace' | 'type', string[]> = {
    namespace: [],
    type: [],
  };
  let isEverything = false;
  for (const { effect, role, scope, expiresAt } of caller.grants) {
    if (
      effect !== options.effect ||
      (options.roles && !options.roles.includes(role)) ||
      (expiresAt !== undefined && expiresAt <= now)
    )
      continue;
    if (scope.kind === 'everything') isEverything = true;
    else if (scope.kind === 'asset') assets.push(scope.id);
    else names[scope.kind].push(scope.name);
  }
  // Something has to stand here, or it would hold for all.
  query.orWhereRaw(isEverything ? '1 = 1' : '1 = 0');
  if (assets.length > 0)
    query.orWhere(those => whereAmong(those, 'assets.id', assets));
  for (const kind of ['namespace', 'type'] as const) {
    if (names[kind].length > 0)
      query.orWhere(those => whereAmong(those, `assets.${kind}`, names[kind]));
  }
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
  } else if (criteria.field === 'alias' || criteria.field === 'stage') {
    // Seeing an asset is about no alias and no stage.
    query.whereRaw('1 = 0');
  } else {
    whereAmong(query, `assets.${criteria.field}`, criteria.values);
  }
}
