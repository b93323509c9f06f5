import {
  createConditionExports,
  createPermissionResourceRef,
  createPermissionRule,
} from '@backstage/plugin-permission-node';
import {
  matchesPattern,
  Visibility,
  VISIBILITIES,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { z } from 'zod';
import { RESOURCE_TYPE_ASSET } from './assetPermissions';

/**
 * What a rule of a permission policy sees: an asset, or one that is about to be
 * created, with what is done to it.
 *
 * @public
 */
export interface AssetResource {
  namespace: string;
  name: string;
  type: string;
  /** Entity reference. */
  owner: string;
  visibility: Visibility;
  /** The alias that is set or removed, where the permission is about that. */
  alias?: string;
  /** The stage that a version is moved to, where the permission is about that. */
  stage?: string;
}

/**
 * A rule as a query: the field has one of the values; for `alias` and `stage` they
 * are patterns, with `*` for any characters.
 *
 * @public
 */
export interface AssetFilter {
  field: 'namespace' | 'type' | 'owner' | 'visibility' | 'alias' | 'stage';
  values: string[];
}

/** @public */
export const assetResourceRef = createPermissionResourceRef<
  AssetResource,
  AssetFilter
>().with({ pluginId: 'asset-manager', resourceType: RESOURCE_TYPE_ASSET });

/**
 * Whether a filter lets an asset through.
 *
 * @public
 */
export function passesFilter(
  { field, values }: AssetFilter,
  asset: AssetResource,
): boolean {
  const value = asset[field];
  if (value === undefined) return false;
  if (field !== 'alias' && field !== 'stage') return values.includes(value);
  return values.some(pattern => matchesPattern(pattern, value));
}

const texts = z.array(z.string());

/** The asset is in one of some namespaces. @public */
export const isInNamespace = createPermissionRule({
  name: 'IS_IN_NAMESPACE',
  description: 'Allow for assets in some namespaces',
  resourceRef: assetResourceRef,
  paramsSchema: z.object({
    namespaces: texts.describe('Namespaces, like genomes'),
  }),
  apply: (asset, { namespaces }) =>
    passesFilter({ field: 'namespace', values: namespaces }, asset),
  toQuery: ({ namespaces }) => ({ field: 'namespace', values: namespaces }),
});

/** The asset is of one of some types. @public */
export const hasType = createPermissionRule({
  name: 'HAS_TYPE',
  description: 'Allow for assets of some types',
  resourceRef: assetResourceRef,
  paramsSchema: z.object({ types: texts.describe('Types, like ml-model') }),
  apply: (asset, { types }) =>
    passesFilter({ field: 'type', values: types }, asset),
  toQuery: ({ types }) => ({ field: 'type', values: types }),
});

/** The asset belongs to one of some owners. @public */
export const isOwnedBy = createPermissionRule({
  name: 'IS_OWNED_BY',
  description: 'Allow for assets of some owners',
  resourceRef: assetResourceRef,
  paramsSchema: z.object({
    owners: texts.describe('Entity references of groups and people'),
  }),
  apply: (asset, { owners }) =>
    passesFilter({ field: 'owner', values: owners }, asset),
  toQuery: ({ owners }) => ({ field: 'owner', values: owners }),
});

/** The asset has one of some visibilities. @public */
export const hasVisibility = createPermissionRule({
  name: 'HAS_VISIBILITY',
  description: 'Allow for assets that are public, internal or restricted',
  resourceRef: assetResourceRef,
  paramsSchema: z.object({
    visibilities: z.array(z.enum([...VISIBILITIES] as [string, ...string[]])),
  }),
  apply: (asset, { visibilities }) =>
    passesFilter({ field: 'visibility', values: visibilities }, asset),
  toQuery: ({ visibilities }) => ({
    field: 'visibility',
    values: visibilities,
  }),
});

/** The alias that is set or removed matches one of some patterns. @public */
export const isAlias = createPermissionRule({
  name: 'IS_ALIAS',
  description: 'Allow for setting and removing some aliases',
  resourceRef: assetResourceRef,
  paramsSchema: z.object({
    patterns: texts.describe('Aliases, with * for any characters'),
  }),
  apply: (asset, { patterns }) =>
    passesFilter({ field: 'alias', values: patterns }, asset),
  toQuery: ({ patterns }) => ({ field: 'alias', values: patterns }),
});

/** The stage that a version is moved to matches one of some patterns. @public */
export const isToStage = createPermissionRule({
  name: 'IS_TO_STAGE',
  description: 'Allow for moving versions to some stages',
  resourceRef: assetResourceRef,
  paramsSchema: z.object({
    patterns: texts.describe('Stages, with * for any characters'),
  }),
  apply: (asset, { patterns }) =>
    passesFilter({ field: 'stage', values: patterns }, asset),
  toQuery: ({ patterns }) => ({ field: 'stage', values: patterns }),
});

/** @public */
export const assetRules = {
  isInNamespace,
  hasType,
  isOwnedBy,
  hasVisibility,
  isAlias,
  isToStage,
};

/**
 * Conditions for policies, e.g. `assetConditions.hasType({ types: ['dataset'] })`,
 * and how a policy answers with them.
 *
 * @public
 */
export const {
  conditions: assetConditions,
  createConditionalDecision: createAssetConditionalDecision,
} = createConditionExports({
  resourceRef: assetResourceRef,
  rules: assetRules,
});
