/**
 * TypeScript client of the asset manager, for browsers and Node.
 *
 * @packageDocumentation
 */
export * from './AccessClient';
export * from './AssetManagerClient';
export * from './AssetManagerError';
export * from './AssetTypeClient';
export * from './AuditClient';
export * from './verifyAudit';
export * from './checksum';
export * from './IntegrityError';
export * from './LifecycleClient';
export * from './LineageClient';
export * from './paginate';
export * from './RemoteByteSource';
export type { PageOptions, RequestOptions, SendOptions } from './requests';
export * from './retry';
export * from './ServiceTokenSource';
export * from './uploadVersion';
