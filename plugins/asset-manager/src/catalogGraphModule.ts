import {
  ApiBlueprint,
  createFrontendModule,
} from '@backstage/frontend-plugin-api';
import {
  ALL_RELATION_PAIRS,
  ALL_RELATIONS,
  catalogGraphApiRef,
  DefaultCatalogGraphApi,
} from '@backstage/plugin-catalog-graph';
import {
  RELATION_CONSUMED_BY,
  RELATION_CONSUMES,
  RELATION_DERIVED_FROM,
  RELATION_PRODUCED_BY,
  RELATION_PRODUCES,
  RELATION_SOURCE_OF,
} from '@baseasset/backstage-plugin-asset-manager-common';

const PAIRS: [string, string][] = [
  [RELATION_SOURCE_OF, RELATION_DERIVED_FROM],
  [RELATION_PRODUCES, RELATION_PRODUCED_BY],
  [RELATION_CONSUMES, RELATION_CONSUMED_BY],
];

/**
 * Lets the catalog graph draw the relations of assets: the graph draws only
 * relations that it knows.
 *
 * @public
 */
export const catalogGraphModuleAssetManager = createFrontendModule({
  pluginId: 'catalog-graph',
  extensions: [
    ApiBlueprint.make({
      params: define =>
        define({
          api: catalogGraphApiRef,
          deps: {},
          factory: () =>
            new DefaultCatalogGraphApi({
              knownRelations: [...ALL_RELATIONS, ...PAIRS.flat()],
              knownRelationPairs: [...ALL_RELATION_PAIRS, ...PAIRS],
              defaultRelationTypes: { exclude: [] },
            }),
        }),
    }),
  ],
});
