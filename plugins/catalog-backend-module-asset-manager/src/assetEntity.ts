import {
  ANNOTATION_LOCATION,
  ANNOTATION_ORIGIN_LOCATION,
  Entity,
  parseEntityRef,
  stringifyEntityRef,
} from '@backstage/catalog-model';
import {
  ASSET_API_VERSION,
  ASSET_KIND,
  AssetEntity,
  AssetSummary,
  FED_LOCATION,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** The card of an asset as the catalog gets it from us. */
export function toEntity(asset: AssetSummary): AssetEntity {
  return {
    apiVersion: ASSET_API_VERSION,
    kind: ASSET_KIND,
    metadata: {
      namespace: asset.namespace,
      name: asset.name,
      title: asset.title,
      description: asset.description,
      tags: asset.tags,
      annotations: {
        [ANNOTATION_LOCATION]: FED_LOCATION,
        [ANNOTATION_ORIGIN_LOCATION]: FED_LOCATION,
      },
    },
    spec: {
      type: asset.type,
      owner: asset.owner,
      system: asset.system,
      visibility: asset.visibility,
      ...(asset.derivedFrom.length && { derivedFrom: asset.derivedFrom }),
      ...(asset.producedBy.length && { producedBy: asset.producedBy }),
      ...(asset.consumedBy.length && { consumedBy: asset.consumedBy }),
    },
  };
}

/** The card as a declaration in a repository says it, in the words of the asset manager. */
export function toCard(entity: AssetEntity): object {
  const namespace = entity.metadata.namespace ?? 'default';
  const full = (text: string, defaultKind: string) =>
    stringifyEntityRef(
      parseEntityRef(text, { defaultKind, defaultNamespace: namespace }),
    );
  const all = (texts: string[] | undefined, defaultKind: string) =>
    (texts ?? []).map(text => full(text, defaultKind));
  const { spec, metadata } = entity;
  return {
    type: spec.type,
    owner: full(spec.owner, 'group'),
    system: spec.system && full(spec.system, 'system'),
    visibility: spec.visibility,
    title: metadata.title,
    description: metadata.description,
    tags: metadata.tags ?? [],
    relations: {
      derivedFrom: all(spec.derivedFrom, 'asset'),
      producedBy: all(spec.producedBy, 'component'),
      consumedBy: all(spec.consumedBy, 'component'),
    },
  };
}

/** Where a repository declares the entity; undefined when we fed it ourselves. */
export function declaredAt(entity: Entity): string | undefined {
  const location = entity.metadata.annotations?.[ANNOTATION_LOCATION];
  return location === FED_LOCATION ? undefined : location;
}
