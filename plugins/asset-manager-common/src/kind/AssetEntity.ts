import { Entity, stringifyEntityRef } from '@backstage/catalog-model';
import type { AssetName } from '../reference';
import type { Visibility } from '../visibility';

/** @public */
export const ASSET_API_VERSION = 'baseasset.io/v1alpha1';

/** @public */
export const ASSET_KIND = 'Asset';

/** @public */
export const RELATION_DERIVED_FROM = 'derivedFrom';
/** @public */
export const RELATION_SOURCE_OF = 'sourceOf';
/** @public */
export const RELATION_PRODUCED_BY = 'producedBy';
/** @public */
export const RELATION_PRODUCES = 'produces';
/** @public */
export const RELATION_CONSUMED_BY = 'consumedBy';
/** @public */
export const RELATION_CONSUMES = 'consumes';

/**
 * Where the catalog says that an entity came from when the asset manager fed it.
 *
 * @public
 */
export const FED_LOCATION = 'asset-manager:default';

/**
 * The card of an asset in the catalog.
 *
 * @public
 */
export interface AssetEntity extends Entity {
  apiVersion: typeof ASSET_API_VERSION;
  kind: typeof ASSET_KIND;
  spec: {
    type: string;
    owner: string;
    lifecycle?: string;
    system?: string;
    visibility?: Visibility;
    derivedFrom?: string[];
    producedBy?: string[];
    consumedBy?: string[];
  };
}

/** @public */
export function isAssetEntity(entity: Entity): entity is AssetEntity {
  return (
    entity.apiVersion === ASSET_API_VERSION &&
    entity.kind.toLocaleLowerCase('en-US') === 'asset'
  );
}

/**
 * The catalog's reference of an asset, e.g. `asset:default/lambda`.
 *
 * @public
 */
export function assetEntityRef(name: AssetName): string {
  return stringifyEntityRef({ kind: ASSET_KIND, ...name });
}
