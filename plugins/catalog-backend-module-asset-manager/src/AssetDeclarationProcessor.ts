import { Entity, stringifyEntityRef } from '@backstage/catalog-model';
import type { CatalogProcessor } from '@backstage/plugin-catalog-node';
import {
  AssetEntity,
  FED_LOCATION,
  isAssetEntity,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { toEntity } from './assetEntity';
import type { KnownAssets } from './KnownAssets';

/** A declaration that was seen while the catalog processed a repository. */
export interface Sighting {
  location: string;
  entity: AssetEntity;
}

/**
 * Sees declarations of assets pass by, and keeps a declaration that no
 * maintainer has accepted from changing the card of an asset that stands.
 */
export class AssetDeclarationProcessor implements CatalogProcessor {
  readonly #known: KnownAssets;
  readonly #onSighting: (sighting: Sighting) => void;

  constructor(options: {
    known: KnownAssets;
    onSighting: (sighting: Sighting) => void;
  }) {
    this.#known = options.known;
    this.#onSighting = options.onSighting;
  }

  getProcessorName(): string {
    return 'AssetDeclarationProcessor';
  }

  async preProcessEntity(
    entity: Entity,
    location: { type: string; target: string },
  ): Promise<Entity> {
    const place = `${location.type}:${location.target}`;
    if (!isAssetEntity(entity) || place === FED_LOCATION) return entity;
    this.#onSighting({ location: place, entity });
    const asset = this.#known.get(stringifyEntityRef(entity));
    if (
      !asset ||
      (asset.declaration?.state === 'accepted' &&
        asset.declaration.location === place)
    ) {
      return entity;
    }
    const card = toEntity(asset);
    return {
      ...card,
      metadata: {
        ...card.metadata,
        annotations: {
          ...card.metadata.annotations,
          ...entity.metadata.annotations,
        },
      },
    };
  }
}
