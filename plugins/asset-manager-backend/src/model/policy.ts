import { Verb, VERBS } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  AssetFilter,
  AssetResource,
  passesFilter,
} from '@baseasset/backstage-plugin-asset-manager-node';

/** Filters, put together as the permission framework does. */
export type AssetCriteria =
  | { allOf: AssetCriteria[] }
  | { anyOf: AssetCriteria[] }
  | { not: AssetCriteria }
  | AssetFilter;

/** What the portal's permission policy says of each verb: all assets, none, or some. */
export type Policy = Readonly<Record<Verb, boolean | AssetCriteria>>;

/** The policy of a portal that has none. */
export const PERMISSIVE = Object.fromEntries(
  VERBS.map(verb => [verb, true]),
) as Policy;

/** Whether a policy permits something at an asset. */
export function permits(
  policy: Policy,
  verb: Verb,
  asset: AssetResource,
): boolean {
  const decision = policy[verb];
  return typeof decision === 'boolean' ? decision : meets(decision, asset);
}

function meets(criteria: AssetCriteria, asset: AssetResource): boolean {
  if ('allOf' in criteria)
    return criteria.allOf.every(each => meets(each, asset));
  if ('anyOf' in criteria)
    return criteria.anyOf.some(each => meets(each, asset));
  if ('not' in criteria) return !meets(criteria.not, asset);
  return passesFilter(criteria, asset);
}
