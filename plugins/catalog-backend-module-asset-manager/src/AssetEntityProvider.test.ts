import { mockServices } from '@backstage/backend-test-utils';
import type {
  EntityProviderConnection,
  EntityProviderMutation,
} from '@backstage/plugin-catalog-node';
import { AssetManagerClient, AssetManagerError } from '@baseasset/client';
import type {
  AssetChange,
  AssetEntity,
  AssetSummary,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { AssetDeclarationProcessor } from './AssetDeclarationProcessor';
import { AssetEntityProvider } from './AssetEntityProvider';
import { toEntity } from './assetEntity';
import { KnownAssets, refOf } from './KnownAssets';

const REPO = 'url:https://example.com/repo/catalog-info.yaml';

function asset(name: string, more: Partial<AssetSummary> = {}): AssetSummary {
  return {
    namespace: 'models',
    name,
    type: 'ml-model',
    owner: 'group:default/team-signal',
    visibility: 'internal',
    tags: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    createdBy: 'user:default/maya',
    updatedAt: '2026-01-01T00:00:00.000Z',
    versionCount: 0,
    aliases: [],
    derivedFrom: [],
    producedBy: [],
    consumedBy: [],
    ...more,
  };
}

function declared(name: string, title: string): AssetEntity {
  const entity = toEntity(asset(name, { title }));
  entity.metadata.annotations = { 'backstage.io/managed-by-location': REPO };
  return entity;
}

/** The asset manager, as far as the provider asks it. */
class FakeAssetManager {
  readonly assets = new Map<string, AssetSummary>();
  readonly changes: AssetChange[] = [];
  readonly declarations: { name: string; location: string; card: object }[] =
    [];
  readonly withdrawn: string[] = [];

  put(each: AssetSummary, kind: AssetChange['kind'] = 'asset.updated') {
    this.assets.set(refOf(each), each);
    this.note(each, kind);
  }

  hide(each: AssetSummary) {
    this.assets.delete(refOf(each));
    this.note(each, 'asset.hidden');
  }

  private note({ namespace, name }: AssetSummary, kind: AssetChange['kind']) {
    this.changes.push({
      sequence: this.changes.length + 1,
      kind,
      namespace,
      name,
      uid: name,
      at: '',
      by: '',
    });
  }

  client(): AssetManagerClient {
    const fake: Partial<AssetManagerClient> = {
      listChanges: async ({ after = 0 } = {}) => {
        const items = this.changes.filter(change => change.sequence > after);
        return { items, after: items.at(-1)?.sequence ?? after };
      },
      getAsset: async name => {
        const found = this.assets.get(refOf(name));
        if (!found)
          throw new AssetManagerError({ status: 404, message: 'not there' });
        return found as never;
      },
      assets: async function* all(this: FakeAssetManager) {
        yield* this.assets.values();
      }.bind(this) as never,
      declareAsset: async ({ name }, { location, card }) => {
        this.declarations.push({ name, location, card });
        return { state: 'proposed' };
      },
      withdrawDeclaration: async ({ name }, location) => {
        this.withdrawn.push(`${name} ${location}`);
      },
    };
    return fake as AssetManagerClient;
  }
}

async function setUp(entities: AssetEntity[] = []) {
  const manager = new FakeAssetManager();
  const known = new KnownAssets();
  const mutations: EntityProviderMutation[] = [];
  const refreshed: string[] = [];
  const catalog = {
    list: entities,
    entities: async () => catalog.list,
    refresh: async (ref: string) => {
      refreshed.push(ref);
    },
  };
  const provider = new AssetEntityProvider({
    client: manager.client(),
    catalog,
    known,
    logger: mockServices.logger.mock(),
  });
  await provider.connect({
    applyMutation: async mutation => {
      mutations.push(mutation);
    },
    refresh: async () => {},
  } as EntityProviderConnection);
  return { manager, known, mutations, refreshed, catalog, provider };
}

const names = (mutation: EntityProviderMutation | undefined) => {
  if (mutation?.type === 'full')
    return mutation.entities.map(({ entity }) => entity.metadata.name);
  return mutation?.added.map(({ entity }) => entity.metadata.name);
};

describe('AssetEntityProvider', () => {
  it('feeds what there is at first, and then what changes', async () => {
    const { manager, mutations, provider } = await setUp();
    manager.put(asset('one'));
    await provider.follow();
    expect(mutations[0].type).toBe('full');
    expect(names(mutations[0])).toEqual(['one']);
    manager.put(asset('two'), 'asset.created');
    await provider.follow();
    expect(mutations.at(-1)?.type).toBe('delta');
    expect(names(mutations.at(-1))).toEqual(['two']);
  });

  it('takes an asset away that became restricted', async () => {
    const { manager, mutations, provider } = await setUp();
    manager.put(asset('one'));
    await provider.follow();
    manager.hide(asset('one'));
    await provider.follow();
    expect(mutations.at(-1)).toMatchObject({
      type: 'delta',
      removed: [{ entityRef: 'asset:models/one' }],
    });
  });

  it('does not feed what a repository declares, and feeds it again when the declaration is gone', async () => {
    const { manager, mutations, catalog, provider } = await setUp([
      declared('one', 'From Git'),
    ]);
    manager.put(
      asset('one', {
        declaration: { location: REPO, state: 'accepted', seenAt: '' },
      }),
    );
    manager.put(asset('two'));
    await provider.follow();
    expect(names(mutations[0])).toEqual(['two']);
    catalog.list = [];
    await provider.reconcile();
    expect(manager.withdrawn).toEqual([]);
    await provider.reconcile();
    expect(names(mutations.at(-1))).toEqual(['one', 'two']);
    expect(manager.withdrawn).toEqual([`one ${REPO}`]);
  });

  it('tells the asset manager of a declaration that nobody had seen', async () => {
    const { manager, provider } = await setUp([declared('fresh', 'From Git')]);
    await provider.follow();
    expect(manager.declarations).toEqual([
      expect.objectContaining({
        name: 'fresh',
        location: REPO,
        card: expect.objectContaining({ title: 'From Git' }),
      }),
    ]);
  });

  it('has the catalog look again when a declaration was accepted', async () => {
    const { manager, refreshed, provider } = await setUp([
      declared('one', 'From Git'),
    ]);
    manager.put(
      asset('one', {
        declaration: { location: REPO, state: 'proposed', seenAt: '' },
      }),
    );
    await provider.follow();
    // Once at the start, since the catalog may have processed it before we knew it.
    expect(refreshed.splice(0)).toEqual(['asset:models/one']);
    manager.put(
      asset('one', {
        declaration: { location: REPO, state: 'accepted', seenAt: '' },
      }),
    );
    await provider.follow();
    expect(refreshed).toEqual(['asset:models/one']);
  });
});

describe('AssetDeclarationProcessor', () => {
  const location = {
    type: 'url',
    target: 'https://example.com/repo/catalog-info.yaml',
  };

  it('keeps the card of an asset until its declaration was accepted', async () => {
    const known = new KnownAssets();
    const onSighting = jest.fn();
    const processor = new AssetDeclarationProcessor({ known, onSighting });
    const entity = declared('one', 'From Git');

    expect(
      (await processor.preProcessEntity(entity, location)).metadata.title,
    ).toBe('From Git');

    known.set(
      asset('one', {
        title: 'Ours',
        declaration: { location: REPO, state: 'proposed', seenAt: '' },
      }),
    );
    const kept = await processor.preProcessEntity(entity, location);
    expect(kept.metadata.title).toBe('Ours');
    expect(kept.metadata.annotations).toMatchObject({
      'backstage.io/managed-by-location': REPO,
    });

    known.set(
      asset('one', {
        title: 'Ours',
        declaration: { location: REPO, state: 'accepted', seenAt: '' },
      }),
    );
    expect(
      (await processor.preProcessEntity(entity, location)).metadata.title,
    ).toBe('From Git');
    expect(onSighting).toHaveBeenCalledTimes(3);
  });

  it('leaves what we fed ourselves, and other kinds, alone', async () => {
    const onSighting = jest.fn();
    const processor = new AssetDeclarationProcessor({
      known: new KnownAssets(),
      onSighting,
    });
    const fed = toEntity(asset('one'));
    expect(
      await processor.preProcessEntity(fed, {
        type: 'asset-manager',
        target: 'default',
      }),
    ).toBe(fed);
    const other = {
      apiVersion: 'v1',
      kind: 'Component',
      metadata: { name: 'x' },
    };
    expect(await processor.preProcessEntity(other, location)).toBe(other);
    expect(onSighting).not.toHaveBeenCalled();
  });
});
