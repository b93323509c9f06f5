/**
 * The words of the asset manager: what every other package speaks in. No I/O.
 *
 * @packageDocumentation
 */
export * from './access';
export * from './assetType';
export * from './audit';
export * from './AuditVerifier';
export * from './ByteSource';
export * from './blocks';
export * from './closeTo';
export * from './compare';
export * from './concurrently';
export * from './digest';
export * from './events';
export * from './fixity';
export * from './formatBytes';
export * from './kind/AssetEntity';
export * from './manifest';
export * from './ManifestChecker';
export * from './mediaType';
export * from './names';
export * from './pack';
export * from './partSize';
export * from './paths';
export * from './rebuild';
export * from './lifecycle';
export * from './lineage';
export * from './pattern';
export * from './reference';
export * from './releaseMemory';
export * from './serviceAccount';
export * from './time';
export * from './visibility';
export * from './wire';
export * from './writeFully';
