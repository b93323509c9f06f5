/**
 * Keeps the bytes of the asset manager in S3 buckets.
 *
 * @packageDocumentation
 */
export { assetManagerModuleS3 as default } from './module';
export { S3BlobStore } from './S3BlobStore';
export type { S3BlobStoreOptions } from './S3BlobStore';
