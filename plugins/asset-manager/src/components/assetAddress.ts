import type { AssetName } from '@baseasset/backstage-plugin-asset-manager-common';

/** The tabs of an asset, as they stand in the address. */
export type AssetTab =
  | ''
  | 'files'
  | 'versions'
  | 'lifecycle'
  | 'lineage'
  | 'activity'
  | 'access';

/** What an address says besides the asset and the tab. */
export interface AssetView {
  /** A label, alias or digest; the newest version when left out. */
  version?: string;
  file?: string;
  viewer?: string;
  /** `A..B` */
  compare?: string;
  /** The time at which a name meant this version. ISO 8601. */
  asOf?: string;
  /** That name: an alias, a stage or `latest`. */
  meant?: string;
  /** Which side of the lineage; both when left out. */
  direction?: string;
  /** How many runs from the version it goes. */
  depth?: string;
  /** The run that is looked at. */
  run?: string;
}

/**
 * The address of a view of an asset.
 *
 * @param base - where the asset's page stands, without a slash at its end
 */
export function addressOf(
  base: string,
  tab: AssetTab,
  view: AssetView,
): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(view)) {
    if (value !== undefined) search.set(key, value);
  }
  const query = search.toString();
  return `${base}${tab && `/${tab}`}${query && `?${query}`}`;
}

/** The view that an address shows. */
export function viewOf(search: URLSearchParams): AssetView {
  return {
    version: search.get('version') ?? undefined,
    file: search.get('file') ?? undefined,
    viewer: search.get('viewer') ?? undefined,
    compare: search.get('compare') ?? undefined,
    asOf: search.get('asOf') ?? undefined,
    meant: search.get('meant') ?? undefined,
    direction: search.get('direction') ?? undefined,
    depth: search.get('depth') ?? undefined,
    run: search.get('run') ?? undefined,
  };
}

/** What the command line calls an asset. */
export function nameOf(asset: AssetName): string {
  return asset.namespace === 'default'
    ? asset.name
    : `${asset.namespace}/${asset.name}`;
}
