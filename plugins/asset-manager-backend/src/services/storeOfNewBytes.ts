import type { AssetRecord, Repository } from './ports';
import type { Stores } from './Stores';

/** The store that new bytes of an asset go to: what was moved stays together. */
export async function storeOfNewBytes(
  repository: Repository,
  stores: Stores,
  asset: AssetRecord,
): Promise<string> {
  const moved = await repository.copyJobs.movedTo(asset.id);
  // It may have been taken out of the configuration since.
  return moved !== undefined && stores.names.includes(moved)
    ? moved
    : stores.placeFor(asset);
}
