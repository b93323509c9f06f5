import { createExtensionPoint } from '@backstage/backend-plugin-api';
import type { BlobStore } from './BlobStore';

/**
 * Where a module brings another blob store.
 *
 * @public
 */
export interface AssetManagerStorageExtensionPoint {
  /**
   * Replaces the local directory.
   *
   * @throws Error when a second module tries
   */
  setBlobStore(store: BlobStore): void;
}

/** @public */
export const assetManagerStorageExtensionPoint =
  createExtensionPoint<AssetManagerStorageExtensionPoint>({
    id: 'asset-manager.storage',
  });
