/**
 * A permission policy for portals with the asset manager.
 *
 * @packageDocumentation
 */
export { AssetManagerPolicy } from './AssetManagerPolicy';
export { permissionModuleAssetManager as default } from './module';
