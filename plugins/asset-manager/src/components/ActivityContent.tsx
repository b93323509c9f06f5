import { ActivityTable } from './ActivityTable';
import type { AssetScopeValue } from './AssetScope';

/** What happened to the asset and its versions. */
export function ActivityContent({ asset }: AssetScopeValue) {
  return <ActivityTable asset={asset} />;
}
