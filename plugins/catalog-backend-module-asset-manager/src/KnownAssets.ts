import { stringifyEntityRef } from '@backstage/catalog-model';
import {
  ASSET_KIND,
  AssetSummary,
} from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * What the catalog module knows of the assets, in memory: entity processing
 * must not ask over the network.
 */
export class KnownAssets {
  readonly #assets = new Map<string, AssetSummary>();

  get(entityRef: string): AssetSummary | undefined {
    return this.#assets.get(entityRef);
  }

  set(asset: AssetSummary): void {
    this.#assets.set(refOf(asset), asset);
  }

  delete(entityRef: string): void {
    this.#assets.delete(entityRef);
  }

  values(): AssetSummary[] {
    return [...this.#assets.values()];
  }

  replace(assets: readonly AssetSummary[]): void {
    this.#assets.clear();
    for (const asset of assets) this.set(asset);
  }
}

export function refOf(asset: { namespace: string; name: string }): string {
  return stringifyEntityRef({
    kind: ASSET_KIND,
    namespace: asset.namespace,
    name: asset.name,
  });
}
