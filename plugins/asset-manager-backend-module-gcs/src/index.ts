/**
 * Keeps the bytes of the asset manager in buckets of Google Cloud Storage.
 *
 * @packageDocumentation
 */
export { assetManagerModuleGcs as default } from './module';
export { GcsBlobStore } from './GcsBlobStore';
export type { GcsBlobStoreOptions } from './GcsBlobStore';
