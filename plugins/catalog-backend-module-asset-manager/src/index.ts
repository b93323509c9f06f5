/**
 * The catalog's module of the asset manager.
 *
 * @packageDocumentation
 */
export {
  catalogModuleAssetManager as default,
  catalogModuleAssetManager,
} from './module';
