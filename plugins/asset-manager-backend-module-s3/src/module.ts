import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { assetManagerStorageExtensionPoint } from '@baseasset/backstage-plugin-asset-manager-node';
import { createS3BlobStore } from './createS3BlobStore';

/**
 * Brings the S3 buckets under `assetManager.storage.s3`, each as a store of its
 * own name.
 *
 * @public
 */
export const assetManagerModuleS3 = createBackendModule({
  pluginId: 'asset-manager',
  moduleId: 's3',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        storage: assetManagerStorageExtensionPoint,
      },
      async init({ config, storage }) {
        const buckets = config.getOptionalConfig('assetManager.storage.s3');
        for (const name of buckets?.keys() ?? [])
          storage.addBlobStore(
            name,
            createS3BlobStore(buckets!.getConfig(name)),
          );
      },
    });
  },
});
