import { createBackendModule } from '@backstage/backend-plugin-api';
import { policyExtensionPoint } from '@backstage/plugin-permission-node/alpha';
import { AssetManagerPolicy } from './AssetManagerPolicy';

/**
 * Makes the policy of the asset manager the portal's. A portal has one policy:
 * with another one already, that one has to call `AssetManagerPolicy` itself.
 *
 * @public
 */
export const permissionModuleAssetManager = createBackendModule({
  pluginId: 'permission',
  moduleId: 'asset-manager-policy',
  register(env) {
    env.registerInit({
      deps: { policy: policyExtensionPoint },
      async init({ policy }) {
        policy.setPolicy(new AssetManagerPolicy());
      },
    });
  },
});
