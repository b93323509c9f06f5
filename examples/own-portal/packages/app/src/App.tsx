import { createApp } from '@backstage/frontend-defaults';
import catalogPlugin from '@backstage/plugin-catalog/alpha';
import catalogGraphPlugin from '@backstage/plugin-catalog-graph/alpha';
// The asset manager:
import assetManagerPlugin, {
  catalogGraphModuleAssetManager,
} from '@baseasset/backstage-plugin-asset-manager';

export default createApp({
  features: [
    catalogPlugin,
    catalogGraphPlugin,
    // The asset manager:
    assetManagerPlugin,
    catalogGraphModuleAssetManager,
  ],
});
