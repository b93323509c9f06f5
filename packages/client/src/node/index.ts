/**
 * The transfer engine of the asset manager client, for Node.
 *
 * @packageDocumentation
 */
export { BlobCache } from './BlobCache';
export { CacheUpkeep } from './CacheUpkeep';
export type { CachedBlob } from './CacheUpkeep';
export { makeFolder } from './folders';
export { hashFile } from './hashFile';
export type { HashOptions } from './hashFile';
export { measureStores, nearestStores } from './nearestStores';
export type { MeasuredStore } from './nearestStores';
export {
  cacheDirectory,
  cacheLimit,
  preferredStores,
  silencePatience,
} from './paths';
export * from './pull';
export * from './push';
export { readReceipt } from './receipt';
export type { PullReceipt } from './receipt';
export { scan, twins } from './scan';
export type { LocalFile, ScanResult } from './scan';
export { Transport } from './Transport';
export * from './verifyFolder';
