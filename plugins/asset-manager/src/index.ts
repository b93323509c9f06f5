/**
 * The frontend plugin of the asset manager.
 *
 * @packageDocumentation
 */
export { catalogGraphModuleAssetManager } from './catalogGraphModule';
export { assetManagerPlugin as default, assetManagerPlugin } from './plugin';
