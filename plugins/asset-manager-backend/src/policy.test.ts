import { TestDatabases } from '@backstage/backend-test-utils';
import {
  AuthorizeResult,
  isPermission,
  PolicyDecision,
  ResourcePermission,
} from '@backstage/plugin-permission-common';
import type {
  PermissionPolicy,
  PolicyQuery,
} from '@backstage/plugin-permission-node';
import type { Verb } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetPermissions,
  assetConditions,
  createAssetConditionalDecision,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const TEAM = 'group:default/team';

/** What the policy of the portal says; each test sets what it needs. */
class SettablePolicy implements PermissionPolicy {
  readonly answers = new Map<
    Verb,
    (permission: ResourcePermission<'asset'>) => PolicyDecision
  >();

  async handle({ permission }: PolicyQuery): Promise<PolicyDecision> {
    for (const each of assetPermissions) {
      const answer = this.answers.get(each.name as Verb);
      if (isPermission(permission, each) && answer) return answer(each);
    }
    return { result: AuthorizeResult.ALLOW };
  }
}

const DENY = () => ({ result: AuthorizeResult.DENY } as const);

describe.each(databases.eachSupportedId())('a policy on %p', databaseId => {
  const policy = new SettablePolicy();
  let portal: TestPortal;
  let count = 0;

  beforeAll(async () => {
    portal = await TestPortal.start({
      knex: await databases.init(databaseId),
      groups: [{ name: 'team' }],
      people: Object.fromEntries(
        // A reader's answer is kept for some seconds: each test has readers of its own.
        ['maya', ...Array.from({ length: 20 }, (_, index) => `r${index}`)].map(
          name => [name, name === 'maya' ? ['team'] : []],
        ),
      ),
      policy,
    });
  });

  afterEach(() => policy.answers.clear());
  afterAll(() => portal?.stop());

  let readers = 0;
  const newReader = () => portal.as(`r${readers++}`);

  async function make(more: object = {}) {
    const namespace = `n${count++}`;
    const answer = await portal
      .as('maya')
      .post('/assets')
      .send({ namespace, name: 'it', type: 'dataset', owner: TEAM, ...more });
    expect(answer.status).toBe(201);
    return { namespace, url: `/assets/${namespace}/it` };
  }

  it('hides what it denies to read, one by one and in lists', async () => {
    const shown = await make();
    const hidden = await make();
    policy.answers.set('asset.read', permission =>
      createAssetConditionalDecision(permission, {
        anyOf: [
          {
            not: assetConditions.isInNamespace({
              namespaces: [hidden.namespace],
            }),
          },
          {
            allOf: [
              assetConditions.isOwnedBy({ owners: [TEAM] }),
              assetConditions.hasVisibility({ visibilities: ['public'] }),
            ],
          },
        ],
      }),
    );
    const seen = async () => {
      const reader = newReader();
      const [one, list, facets] = await Promise.all([
        reader.get(hidden.url),
        reader.get('/assets?limit=100'),
        reader.get(`/facets?namespace=${hidden.namespace}`),
      ]);
      const names = list.body.items.map(
        (each: { namespace: string }) => each.namespace,
      );
      expect(names).toContain(shown.namespace);
      return [
        one.status,
        names.includes(hidden.namespace),
        facets.body.type.length,
      ];
    };
    expect(await seen()).toEqual([404, false, 0]);
    // Owners, too: a portal's policy stands beside everything else.
    expect(
      (await portal.as('maya').patch(hidden.url).send({ title: 'x' })).status,
    ).toBe(404);
    policy.answers.delete('asset.read');
    await portal.as('maya').patch(hidden.url).send({ visibility: 'public' });
    policy.answers.set('asset.read', permission =>
      createAssetConditionalDecision(
        permission,
        assetConditions.hasVisibility({ visibilities: ['public', 'internal'] }),
      ),
    );
    expect(await seen()).toEqual([200, true, 1]);
    policy.answers.set('asset.read', DENY);
    expect((await newReader().get('/assets')).body.items).toEqual([]);
    expect((await newReader().get(shown.url)).status).toBe(404);
  });

  it('lets nobody do what it denies, and says why', async () => {
    const { url } = await make();
    policy.answers.set('asset.update', permission =>
      createAssetConditionalDecision(
        permission,
        assetConditions.hasType({ types: ['ml-model'] }),
      ),
    );
    const edit = () => portal.as('maya').patch(url).send({ title: 'x' });
    const refused = await edit();
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toMatch('permission policy of this portal');
    const { body } = await portal.as('maya').get(url);
    expect(body.may).toContain('asset.delete');
    policy.answers.clear();
    expect((await edit()).status).toBe(200);
  });

  it('denies creating by what is to be created', async () => {
    policy.answers.set('asset.create', permission =>
      createAssetConditionalDecision(permission, {
        not: assetConditions.hasType({ types: ['ml-model'] }),
      }),
    );
    await make();
    const answer = await portal.as('maya').post('/assets').send({
      namespace: 'refused',
      name: 'it',
      type: 'ml-model',
      owner: TEAM,
    });
    expect(answer.status).toBe(403);
  });

  it('sees which alias is set: candidate, and not champion', async () => {
    const { url } = await make();
    policy.answers.set('asset.alias.set', permission =>
      createAssetConditionalDecision(
        permission,
        assetConditions.isAlias({ patterns: ['cand*', 'a.b'] }),
      ),
    );
    const set = async (alias: string) =>
      (
        await portal
          .as('maya')
          .put(`${url}/aliases/${alias}`)
          .send({ version: 'latest' })
      ).status;
    // What is permitted comes as far as to find no version.
    expect(await set('candidate')).toBe(404);
    expect(await set('a.b')).toBe(404);
    expect(await set('champion')).toBe(403);
    expect(await set('axb')).toBe(403);
    // Whether there is any that may be set, nobody can tell before.
    expect((await portal.as('maya').get(url)).body.may).toContain(
      'asset.alias.set',
    );
  });

  it('can be asked about a single asset by Backstage itself', async () => {
    const { url, namespace } = await make();
    const ask = (resourceRef: string, rule: string, params: object) =>
      portal
        .as('plugin:permission')
        .post('/.well-known/backstage/permissions/apply-conditions')
        .send({
          items: [
            {
              id: '1',
              resourceRef,
              resourceType: 'asset',
              conditions: { rule, resourceType: 'asset', params },
            },
          ],
        });
    const result = async (...args: Parameters<typeof ask>) => {
      const { status, body } = await ask(...args);
      expect(status).toBe(200);
      return body.items[0].result;
    };
    const ref = url.slice('/assets/'.length);
    expect(
      await result(ref, 'IS_IN_NAMESPACE', { namespaces: [namespace] }),
    ).toBe('ALLOW');
    expect(await result(ref, 'HAS_TYPE', { types: ['other'] })).toBe('DENY');
    expect(
      await result(`${ref}#champion`, 'IS_ALIAS', { patterns: ['cham*'] }),
    ).toBe('ALLOW');
    expect(await result('none/there', 'HAS_TYPE', { types: ['dataset'] })).toBe(
      'DENY',
    );
    const metadata = await portal
      .as('plugin:permission')
      .get('/.well-known/backstage/permissions/metadata');
    expect(
      metadata.body.permissions.map((each: { name: string }) => each.name),
    ).toEqual(assetPermissions.map(({ name }) => name));
  });
});
