import { createExtensionPoint } from '@backstage/backend-plugin-api';
import type { BlobStore } from './BlobStore';

/**
 * Where modules bring further blob stores, beside the local directory.
 *
 * @public
 */
export interface AssetManagerStorageExtensionPoint {
  /**
   * @param name - what configuration and people call the store: lowercase
   *   letters, digits and dashes; it must not change while blobs stand in it
   * @throws Error when the name is taken
   */
  addBlobStore(name: string, store: BlobStore): void;
}

/** @public */
export const assetManagerStorageExtensionPoint =
  createExtensionPoint<AssetManagerStorageExtensionPoint>({
    id: 'asset-manager.storage',
  });
