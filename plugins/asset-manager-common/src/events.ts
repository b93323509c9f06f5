import type { AssetChange } from './wire';

/**
 * The topic of the Backstage events service on which every change is
 * announced, at least once. The payload only wakes the listener: what happened
 * is in the change feed.
 *
 * @public
 */
export const ASSET_CHANGES_TOPIC = 'asset-manager.changes';

/** @public */
export type AssetChangesEventPayload = Pick<AssetChange, 'sequence'>;
