import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { assetManagerStorageExtensionPoint } from '@baseasset/backstage-plugin-asset-manager-node';
import { createGcsBlobStore } from './createGcsBlobStore';

/**
 * Brings the buckets of Google Cloud Storage under `assetManager.storage.gcs`,
 * each as a store of its own name.
 *
 * @public
 */
export const assetManagerModuleGcs = createBackendModule({
  pluginId: 'asset-manager',
  moduleId: 'gcs',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        storage: assetManagerStorageExtensionPoint,
      },
      async init({ config, storage }) {
        const buckets = config.getOptionalConfig('assetManager.storage.gcs');
        for (const name of buckets?.keys() ?? [])
          storage.addBlobStore(
            name,
            createGcsBlobStore(buckets!.getConfig(name)),
          );
      },
    });
  },
});
