import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import { Entity } from '@backstage/catalog-model';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import { createBackendModule } from '@backstage/backend-plugin-api';
import {
  catalogProcessingExtensionPoint,
  EntityProvider,
} from '@backstage/plugin-catalog-node';
import { toEntity } from './assetEntity';
import { catalogModuleAssetManager } from './module';

jest.setTimeout(60_000);

function entity(name: string, spec: object): Entity {
  return {
    apiVersion: 'baseasset.io/v1alpha1',
    kind: 'Asset',
    metadata: {
      name,
      annotations: {
        'backstage.io/managed-by-location': 'test:x',
        'backstage.io/managed-by-origin-location': 'test:x',
      },
    },
    spec: spec as Entity['spec'],
  };
}

/** Brings entities into the catalog as a repository would. */
function provide(entities: Entity[]) {
  const provider: EntityProvider = {
    getProviderName: () => 'test',
    connect: connection =>
      connection.applyMutation({
        type: 'full',
        entities: entities.map(each => ({
          entity: each,
          locationKey: 'test:x',
        })),
      }),
  };
  return createBackendModule({
    pluginId: 'catalog',
    moduleId: 'test-entities',
    register(env) {
      env.registerInit({
        deps: { processing: catalogProcessingExtensionPoint },
        async init({ processing }) {
          processing.addEntityProvider(provider);
        },
      });
    },
  });
}

describe('the catalog with our module', () => {
  it('takes a valid asset with its relations, and refuses a wrong spec', async () => {
    const valid = {
      type: 'ml-model',
      owner: 'group:default/team-signal',
      derivedFrom: ['asset:default/source'],
      consumedBy: ['component:default/mapper'],
    };
    const source = toEntity({
      namespace: 'default',
      name: 'source',
      type: 'dataset',
      owner: 'group:default/team-signal',
      visibility: 'internal',
      tags: [],
      createdAt: '',
      createdBy: '',
      updatedAt: '',
      versionCount: 0,
      aliases: [],
      derivedFrom: [],
      producedBy: [],
      consumedBy: [],
    });
    source.metadata.annotations = entity('x', {}).metadata.annotations;
    const backend = await startTestBackend({
      features: [
        catalogPlugin,
        catalogModuleAssetManager,
        provide([
          entity('good', valid),
          source,
          entity('no-owner', { type: 'ml-model' }),
          entity('odd-visibility', { ...valid, visibility: 'secret' }),
        ]),
        mockServices.rootConfig.factory({
          data: { catalog: { processingInterval: { seconds: 1 } } },
        }),
      ],
    });
    const base = `http://localhost:${backend.server.port()}/api/catalog`;
    const read = async (name: string) => {
      const response = await fetch(
        `${base}/entities/by-name/asset/default/${name}`,
        {
          headers: { Authorization: 'Bearer mock-user-token' },
        },
      );
      return response.ok ? ((await response.json()) as Entity) : undefined;
    };
    let good: Entity | undefined;
    let back: Entity | undefined;
    for (let attempt = 0; attempt < 100; attempt++) {
      good = await read('good');
      back = await read('source');
      if (
        good?.relations?.length &&
        back?.relations?.some(each => each.type === 'sourceOf')
      )
        break;
      await new Promise(resolve => {
        setTimeout(resolve, 100);
      });
    }
    expect(good?.relations).toEqual(
      expect.arrayContaining([
        { type: 'ownedBy', targetRef: 'group:default/team-signal' },
        { type: 'derivedFrom', targetRef: 'asset:default/source' },
        { type: 'consumedBy', targetRef: 'component:default/mapper' },
      ]),
    );
    expect(back?.relations).toContainEqual({
      type: 'sourceOf',
      targetRef: 'asset:default/good',
    });
    expect(await read('no-owner')).toBeUndefined();
    expect(await read('odd-visibility')).toBeUndefined();
    await backend.stop();
  });
});
