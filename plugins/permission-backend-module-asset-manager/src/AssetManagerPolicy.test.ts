import { catalogEntityReadPermission } from '@backstage/plugin-catalog-common/alpha';
import {
  AuthorizeResult,
  createPermission,
} from '@backstage/plugin-permission-common';
import type { PermissionPolicy } from '@backstage/plugin-permission-node';
import { assetPermissions } from '@baseasset/backstage-plugin-asset-manager-node';
import { AssetManagerPolicy } from './AssetManagerPolicy';

const policy = new AssetManagerPolicy();
const deny: PermissionPolicy = {
  handle: async () => ({ result: AuthorizeResult.DENY }),
};
const rulesOf = (decision: unknown) =>
  [...JSON.stringify(decision).matchAll(/"rule":"(\w+)"/g)].map(
    ([, rule]) => rule,
  );

describe('AssetManagerPolicy', () => {
  it('lets the asset manager decide about assets, and others about the rest', async () => {
    const other = createPermission({ name: 'other', attributes: {} });
    for (const permission of [...assetPermissions, other]) {
      expect(await policy.handle({ permission })).toEqual({
        result: AuthorizeResult.ALLOW,
      });
      expect(
        await new AssetManagerPolicy({ otherwise: deny }).handle({
          permission,
        }),
      ).toEqual({ result: AuthorizeResult.DENY });
    }
  });

  it('hides restricted entities from those who do not own them', async () => {
    const decision = await policy.handle({
      permission: catalogEntityReadPermission,
    });
    expect(decision).toMatchObject({
      result: AuthorizeResult.CONDITIONAL,
      pluginId: 'catalog',
    });
    expect(rulesOf(decision)).toEqual([
      'IS_ENTITY_KIND',
      'HAS_SPEC',
      'IS_ENTITY_OWNER',
    ]);
  });

  it('adds to the conditions of another policy, and allows nothing that it denies', async () => {
    const permission = catalogEntityReadPermission;
    const strict = new AssetManagerPolicy({ otherwise: deny });
    expect(await strict.handle({ permission })).toEqual({
      result: AuthorizeResult.DENY,
    });
    const twice = await new AssetManagerPolicy({ otherwise: policy }).handle({
      permission,
    });
    expect(rulesOf(twice)).toHaveLength(6);
  });
});
