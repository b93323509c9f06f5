import type { AssetRecord, Repository } from './ports';
import type { Stores } from './Stores';

/** The store that new bytes of an asset go to: what was moved stays together. */
export async function storeOfNewBytes(
  repository: Repository,
  stores: Stores,
  asset: AssetRecord,
): Promise<string> {
  return (
    (await repository.copyJobs.movedTo(asset.id)) ?? stores.placeFor(asset)
  );
}
