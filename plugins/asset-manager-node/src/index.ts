/**
 * Ports and extension points of the asset manager backend.
 *
 * @packageDocumentation
 */
export * from './BlobStore';
export * from './extensions';
