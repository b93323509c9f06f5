/**
 * The frontend plugin of the asset manager.
 *
 * @packageDocumentation
 */
export { assetManagerPlugin as default, assetManagerPlugin } from './plugin';
