import {
  compileCatalogModel,
  defaultCatalogEntityModel,
} from '@backstage/catalog-model/alpha';
import { assetModelLayer } from '@baseasset/backstage-plugin-asset-manager-common/alpha';

describe('the kind Asset', () => {
  const model = compileCatalogModel([
    defaultCatalogEntityModel,
    assetModelLayer,
  ]);
  const kind = model.getKind({
    kind: 'Asset',
    apiVersion: 'baseasset.io/v1alpha1',
  });

  it('is known to the catalog, with its relations in both directions', () => {
    expect(
      kind?.relationFields.map(field => [field.path, field.relation]),
    ).toEqual([
      ['spec.owner', 'ownedBy'],
      ['spec.system', 'partOf'],
      ['spec.derivedFrom', 'derivedFrom'],
      ['spec.producedBy', 'producedBy'],
      ['spec.consumedBy', 'consumedBy'],
    ]);
    const pairs = model
      .listRelations()
      .map(relation => [relation.forward.type, relation.reverse.type]);
    expect(pairs).toEqual(
      expect.arrayContaining([
        ['derivedFrom', 'sourceOf'],
        ['producedBy', 'produces'],
        ['consumedBy', 'consumes'],
      ]),
    );
  });
});
