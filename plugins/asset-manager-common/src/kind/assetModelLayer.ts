import { createCatalogModelLayer } from '@backstage/catalog-model/alpha';
import { VISIBILITIES } from '../visibility';
import {
  ASSET_KIND,
  RELATION_CONSUMED_BY,
  RELATION_CONSUMES,
  RELATION_DERIVED_FROM,
  RELATION_PRODUCED_BY,
  RELATION_PRODUCES,
  RELATION_SOURCE_OF,
} from './AssetEntity';

const references = (description: string) => ({
  type: 'array',
  description,
  items: { type: 'string', minLength: 1 },
});

/**
 * The kind `Asset` as a layer of the catalog's model: its schema, and the
 * fields that become relations in both directions.
 *
 * @alpha
 */
export const assetModelLayer = createCatalogModelLayer({
  layerId: 'baseasset.io/kind-asset',
  builder: model => {
    model.addKind({
      group: 'baseasset.io',
      names: { kind: ASSET_KIND, singular: 'asset', plural: 'assets' },
      description:
        'A digital asset of data science: a model, a genome, a data set, with versions that never change.',
      versions: [
        {
          name: 'v1alpha1',
          relationFields: [
            {
              selector: { path: 'spec.owner' },
              relation: 'ownedBy',
              defaultKind: 'Group',
              defaultNamespace: 'inherit',
              allowedKinds: ['Group', 'User'],
            },
            {
              selector: { path: 'spec.system' },
              relation: 'partOf',
              defaultKind: 'System',
              defaultNamespace: 'inherit',
              allowedKinds: ['System'],
            },
            {
              selector: { path: 'spec.derivedFrom' },
              relation: RELATION_DERIVED_FROM,
              defaultKind: ASSET_KIND,
              defaultNamespace: 'inherit',
            },
            {
              selector: { path: 'spec.producedBy' },
              relation: RELATION_PRODUCED_BY,
              defaultKind: 'Component',
              defaultNamespace: 'inherit',
            },
            {
              selector: { path: 'spec.consumedBy' },
              relation: RELATION_CONSUMED_BY,
              defaultKind: 'Component',
              defaultNamespace: 'inherit',
            },
          ],
          schema: {
            jsonSchema: {
              type: 'object',
              required: ['spec'],
              properties: {
                spec: {
                  type: 'object',
                  required: ['type', 'owner'],
                  properties: {
                    type: {
                      type: 'string',
                      minLength: 1,
                      description: 'The asset type, e.g. ml-model.',
                    },
                    owner: {
                      type: 'string',
                      minLength: 1,
                      description: 'The group or user that owns the asset.',
                    },
                    lifecycle: { type: 'string', minLength: 1 },
                    system: {
                      type: 'string',
                      minLength: 1,
                      description: 'The system that the asset belongs to.',
                    },
                    visibility: { type: 'string', enum: [...VISIBILITIES] },
                    derivedFrom: references('What the asset was made from.'),
                    producedBy: references(
                      'The components that make the asset.',
                    ),
                    consumedBy: references(
                      'The components that use the asset.',
                    ),
                  },
                },
              },
            },
          },
        },
      ],
    });
    model.addRelationPair({
      fromKind: ASSET_KIND,
      toKind: ['Group', 'User'],
      description: 'An asset is owned by a group or user.',
      forward: { type: 'ownedBy', title: 'owned by' },
      reverse: { type: 'ownerOf', title: 'owner of' },
    });
    model.addRelationPair({
      fromKind: ASSET_KIND,
      toKind: 'System',
      description: 'An asset is part of a system.',
      forward: { type: 'partOf', title: 'part of' },
      reverse: { type: 'hasPart', title: 'has part' },
    });
    model.addRelationPair({
      fromKind: ASSET_KIND,
      toKind: ASSET_KIND,
      description: 'An asset was made from another asset.',
      forward: { type: RELATION_DERIVED_FROM, title: 'derived from' },
      reverse: { type: RELATION_SOURCE_OF, title: 'source of' },
    });
    model.addRelationPair({
      fromKind: ASSET_KIND,
      toKind: 'Component',
      description: 'A component makes an asset.',
      forward: { type: RELATION_PRODUCED_BY, title: 'produced by' },
      reverse: { type: RELATION_PRODUCES, title: 'produces' },
    });
    model.addRelationPair({
      fromKind: ASSET_KIND,
      toKind: 'Component',
      description: 'A component uses an asset.',
      forward: { type: RELATION_CONSUMED_BY, title: 'consumed by' },
      reverse: { type: RELATION_CONSUMES, title: 'consumes' },
    });
  },
});
