import {
  createPermission,
  ResourcePermission,
} from '@backstage/plugin-permission-common';
import { Verb, VERBS } from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * The type of resource that the permissions of the asset manager are about.
 *
 * @public
 */
export const RESOURCE_TYPE_ASSET = 'asset';

const ACTIONS: Partial<Record<Verb, 'create' | 'read' | 'delete'>> = {
  'asset.read': 'read',
  'asset.download': 'read',
  'asset.create': 'create',
  'asset.version.create': 'create',
  'asset.delete': 'delete',
};

function toPermission(verb: Verb): ResourcePermission<'asset'> {
  return createPermission({
    name: verb,
    attributes: { action: ACTIONS[verb] ?? 'update' },
    resourceType: RESOURCE_TYPE_ASSET,
  });
}

/**
 * A permission of Backstage for each verb, in the order of `VERBS`: what the
 * portal's own policy decides, beside ownership, visibility and grants.
 *
 * @public
 */
export const assetPermissions: readonly ResourcePermission<'asset'>[] =
  VERBS.map(toPermission);
