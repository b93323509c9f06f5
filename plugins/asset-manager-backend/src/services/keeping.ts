import { ConflictError } from '@backstage/errors';
import {
  AssetType,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { periodMs } from '../model/period';
import type {
  AssetRecord,
  HoldRecord,
  Repository,
  VersionRecord,
} from './ports';

/** The holds that are for an asset as a whole, and those of a version, or of any of them. */
function holdsFor(
  holds: readonly HoldRecord[],
  version: VersionRecord | undefined,
): HoldRecord[] {
  if (!version) return [...holds];
  return holds.filter(
    ({ versionId }) => versionId === undefined || versionId === version.id,
  );
}

/**
 * Lets something be deleted, or put away for good, that nobody holds.
 *
 * @param version - all of the asset when left out
 * @throws ConflictError that names the hold
 */
export async function demandNoHold(
  repository: Repository,
  asset: AssetRecord,
  version?: VersionRecord,
): Promise<void> {
  const holds = await repository.holds.list(asset.id);
  const [hold] = holdsFor(holds, version);
  if (!hold) return;
  const reference = formatReference({ ...asset, selector: version?.label });
  throw new ConflictError(
    `${reference} is on hold by ${hold.placedBy} since ${hold.placedAt.slice(
      0,
      10,
    )}: ${hold.reason} (${hold.id})`,
  );
}

/**
 * Lets a version be deleted whose type does not keep it any longer.
 *
 * @throws ConflictError that says until when it is kept
 */
export async function demandRetained(
  repository: Repository,
  asset: AssetRecord,
  version: VersionRecord,
  options: { type: AssetType | undefined; now: string },
): Promise<void> {
  const { type, now } = options;
  const retention = type?.spec.retention;
  if (!retention) return;
  const moves =
    retention.since === 'move'
      ? await repository.transitions.lastOf([version.id])
      : undefined;
  const since = moves?.get(version.id)?.at ?? version.createdAt;
  const until = new Date(
    Date.parse(since) + periodMs(retention.keep),
  ).toISOString();
  if (until > now)
    throw new ConflictError(
      `${formatReference({
        ...asset,
        selector: version.label,
      })} has to be kept until ${until.slice(0, 10)}: the type ${
        type!.name
      } keeps versions for ${retention.keep}`,
    );
}
