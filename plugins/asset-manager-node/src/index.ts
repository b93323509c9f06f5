/**
 * Ports and extension points of the asset manager backend.
 *
 * @packageDocumentation
 */
export * from './assetPermissions';
export * from './assetRules';
export * from './BlobStore';
export * from './blobKey';
export * from './checkParts';
export * from './crc32c';
export * from './inPieces';
export * from './DirectTransfer';
export * from './extensions';
export * from './GateKind';
export * from './PromisedBytes';
