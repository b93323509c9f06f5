/**
 * TypeScript client of the asset manager, for browsers and Node.
 *
 * @packageDocumentation
 */
export * from './AssetManagerClient';
export * from './AssetManagerError';
export * from './checksum';
export * from './IntegrityError';
export * from './paginate';
export * from './RemoteByteSource';
export * from './retry';
export * from './uploadVersion';
