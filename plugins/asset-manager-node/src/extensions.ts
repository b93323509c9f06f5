import { createExtensionPoint } from '@backstage/backend-plugin-api';
import type { BlobStore } from './BlobStore';
import type { GateKind } from './GateKind';

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

/**
 * Where modules bring further kinds of gates, beside those of the product.
 *
 * @public
 */
export interface AssetManagerGatesExtensionPoint {
  /**
   * @param name - what rules call it in `kind`
   * @throws Error when the name is taken
   */
  addGateKind(name: string, kind: GateKind): void;
}

/** @public */
export const assetManagerGatesExtensionPoint =
  createExtensionPoint<AssetManagerGatesExtensionPoint>({
    id: 'asset-manager.gates',
  });
