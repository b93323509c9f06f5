import { TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  digestOf,
  Role,
  ROLES,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const TEAM = 'group:default/team';

describe.each(databases.eachSupportedId())('access on %p', databaseId => {
  let portal: TestPortal;
  let count = 0;

  beforeAll(async () => {
    portal = await TestPortal.start({
      knex: await databases.init(databaseId),
      // A team of a department of the company.
      groups: [
        { name: 'company' },
        { name: 'department', parent: 'company' },
        { name: 'team', parent: 'department' },
        { name: 'others', parent: 'company' },
        { name: 'admins' },
      ],
      people: {
        maya: ['team'],
        otto: ['others'],
        noor: ['others'],
        ada: ['admins'],
      },
      configuration: { administrators: ['group:default/admins'] },
    });
  });

  afterAll(() => portal?.stop());

  /** An asset of Maya's team in a namespace of its own. */
  async function make(more: object = {}) {
    const namespace = `n${count++}`;
    const answer = await portal
      .as('maya')
      .post('/assets')
      .send({
        namespace,
        name: 'it',
        type: 'dataset',
        owner: TEAM,
        visibility: 'restricted',
        ...more,
      });
    expect(answer.status).toBe(201);
    return { namespace, url: `/assets/${namespace}/it` };
  }

  const grant = (by: string, request: object) =>
    portal.as(by).post('/grants').send(request);

  async function granted(by: string, request: object): Promise<string> {
    const answer = await grant(by, request);
    expect(answer.body).toMatchObject(request);
    expect(answer.status).toBe(201);
    return answer.body.id;
  }

  const scopeOf = ({ namespace }: { namespace: string }) =>
    `asset:${namespace}/it`;
  const see = async (who: string, { url }: { url: string }) =>
    (await portal.as(who).get(url)).status;

  /** What each action answers, by what it takes. */
  const ACTIONS: {
    takes: Role;
    status: number;
    act: (who: string, url: string) => PromiseLike<{ status: number }>;
  }[] = [
    {
      takes: 'reader',
      status: 200,
      act: (who, url) => portal.as(who).get(url),
    },
    {
      takes: 'reader',
      status: 200,
      act: (who, url) => portal.as(who).get(`${url}/versions`),
    },
    {
      takes: 'contributor',
      status: 201,
      act: (who, url) =>
        portal
          .as(who)
          .post(`${url}/uploads`)
          .send({ digest: `sha256:${'a'.repeat(64)}`, fileCount: 1, size: 1 }),
    },
    {
      takes: 'maintainer',
      status: 200,
      act: (who, url) => portal.as(who).patch(url).send({ title: who }),
    },
    {
      takes: 'maintainer',
      status: 200,
      act: (who, url) => portal.as(who).get(`${url}/access`),
    },
    {
      takes: 'maintainer',
      status: 200,
      act: (who, url) => portal.as(who).get(`${url}/copies`),
    },
    {
      takes: 'admin',
      status: 201,
      act: (who, url) =>
        grant(who, {
          principal: TEAM,
          role: 'approver',
          scope: `asset:${url.slice('/assets/'.length)}`,
        }),
    },
  ];
  const INCLUDED: Record<Role, Role[]> = {
    reader: ['reader'],
    contributor: ['reader', 'contributor'],
    maintainer: ['reader', 'contributor', 'maintainer'],
    approver: ['reader', 'approver'],
    admin: ['reader', 'contributor', 'maintainer', 'admin'],
  };

  describe.each(ROLES)('the role %s', role => {
    it.each(['asset', 'namespace'])(
      'at the %s does what it says, and nothing else',
      async kind => {
        const asset = await make();
        const scope =
          kind === 'asset' ? scopeOf(asset) : `namespace:${asset.namespace}`;
        await granted('ada', { principal: 'user:default/otto', role, scope });
        for (const { takes, status, act } of ACTIONS) {
          const expected = INCLUDED[role].includes(takes) ? status : 403;
          expect([takes, (await act('otto', asset.url)).status]).toEqual([
            takes,
            expected,
          ]);
          // To whoever has no grant there is nothing.
          expect((await act('noor', asset.url)).status).toBe(404);
        }
      },
    );

    it('leaves what stands below it, when it is denied', async () => {
      const asset = await make({ visibility: 'internal' });
      await granted('ada', {
        principal: 'user:default/otto',
        role: 'admin',
        scope: scopeOf(asset),
      });
      await granted('ada', {
        principal: 'group:default/company',
        role,
        scope: scopeOf(asset),
        effect: 'deny',
      });
      for (const { takes, status, act } of ACTIONS) {
        const gone = INCLUDED[takes].includes(role);
        let expected = gone ? 403 : status;
        if (role === 'reader') expected = 404;
        expect([takes, (await act('otto', asset.url)).status]).toEqual([
          takes,
          expected,
        ]);
      }
      // Owners are members of the company as well, and administrators can't be denied.
      expect(await see('maya', asset)).toBe(role === 'reader' ? 404 : 200);
      expect(await see('ada', asset)).toBe(200);
    });
  });

  it('shows in lists, counts and suggestions what it shows one by one', async () => {
    const asset = await make();
    const listed = async (who: string) => {
      const filter = `namespace=${asset.namespace}`;
      const [list, facets, near] = await Promise.all([
        portal.as(who).get(`/assets?${filter}`),
        portal.as(who).get(`/facets?${filter}`),
        portal.as(who).get(`/assets/${asset.namespace}/iit`),
      ]);
      return [
        list.body.items.length,
        facets.body.owner.length,
        near.body.suggestions?.length ?? 0,
      ];
    };
    expect(await listed('otto')).toEqual([0, 0, 0]);
    expect(await listed('maya')).toEqual([1, 1, 1]);
    for (const scope of [
      scopeOf(asset),
      `namespace:${asset.namespace}`,
      'type:dataset',
      'everything',
    ]) {
      const id = await granted('ada', {
        principal: 'group:default/others',
        role: 'reader',
        scope,
      });
      expect([scope, await listed('otto')]).toEqual([scope, [1, 1, 1]]);
      const deny = await granted('ada', {
        principal: 'user:default/otto',
        role: 'reader',
        scope: scopeOf(asset),
        effect: 'deny',
      });
      expect([scope, await listed('otto')]).toEqual([scope, [0, 0, 0]]);
      expect([scope, await listed('noor')]).toEqual([scope, [1, 1, 1]]);
      for (const each of [id, deny])
        expect((await portal.as('ada').delete(`/grants/${each}`)).status).toBe(
          204,
        );
      expect([scope, await listed('noor')]).toEqual([scope, [0, 0, 0]]);
    }
  });

  it('reaches groups above, and not those beside', async () => {
    const asset = await make();
    await granted('ada', {
      principal: 'group:default/department',
      role: 'contributor',
      scope: scopeOf(asset),
    });
    const of = async (who: string) =>
      (await portal.as('ada').get(`${asset.url}/explanation?principal=${who}`))
        .body;
    expect((await of('user:default/maya')).memberOf).toEqual([
      TEAM,
      'group:default/department',
      'group:default/company',
    ]);
    expect((await of('user:default/otto')).roles).toEqual([]);
    expect((await of('group:default/department')).roles).toMatchObject([
      { role: 'reader', because: [{ kind: 'grant' }] },
      { role: 'contributor', because: [{ kind: 'grant' }] },
    ]);
    expect(await see('otto', asset)).toBe(404);
  });

  it('hears of a changed group: writes at once', async () => {
    const asset = await make();
    const edit = async () =>
      (await portal.as('noor').patch(asset.url).send({ title: 'x' })).status;
    expect(await edit()).toBe(404);
    portal.setGroups('noor', ['team']);
    expect(await edit()).toBe(200);
    portal.setGroups('noor', ['others']);
    expect(await edit()).toBe(404);
  });

  it('ends by itself', async () => {
    const asset = await make();
    const request = {
      principal: 'user:default/otto',
      role: 'reader',
      scope: scopeOf(asset),
    };
    const late = await grant('maya', {
      ...request,
      expiresAt: '2020-01-01T00:00:00Z',
    });
    expect(late.status).toBe(400);
    expect(late.body.errors[0].field).toBe('expiresAt');
    const expiresAt = new Date(Date.now() + 700).toISOString();
    await granted('maya', { ...request, expiresAt });
    expect(await see('otto', asset)).toBe(200);
    await new Promise(resolve => {
      setTimeout(resolve, 800);
    });
    expect(await see('otto', asset)).toBe(404);
    const { body } = await portal.as('maya').get(`${asset.url}/access`);
    expect(body.grants).toEqual([]);
  });

  it('lets nobody give what they lack', async () => {
    const asset = await make();
    const give = async (by: string, role: Role, more: object = {}) =>
      (
        await grant(by, {
          principal: 'user:default/noor',
          role,
          scope: scopeOf(asset),
          ...more,
        })
      ).status;
    // Owners maintain, and are no admins.
    expect(await give('maya', 'maintainer')).toBe(201);
    expect(await give('maya', 'admin')).toBe(403);
    expect(await give('maya', 'approver')).toBe(403);
    const namespace = `namespace:${asset.namespace}`;
    expect(await give('maya', 'reader', { scope: namespace })).toBe(403);
    expect(await give('maya', 'reader', { scope: 'everything' })).toBe(403);
    expect(await give('otto', 'reader')).toBe(404);
    // Who was made a maintainer may give that on, and can't lock the owners out.
    expect(
      await give('noor', 'maintainer', { principal: 'group:default/others' }),
    ).toBe(201);
    expect(
      await give('noor', 'reader', { principal: TEAM, effect: 'deny' }),
    ).toBe(403);
    expect(await give('maya', 'contributor', { effect: 'deny' })).toBe(201);
    expect(
      (await portal.as('noor').patch(asset.url).send({ title: 'no' })).status,
    ).toBe(403);
    // An admin of a namespace gives every role there, and none elsewhere.
    expect(
      await give('ada', 'admin', {
        scope: namespace,
        principal: 'user:default/otto',
      }),
    ).toBe(201);
    expect(await give('otto', 'approver', { scope: namespace })).toBe(201);
    expect(await give('otto', 'approver')).toBe(201);
    const elsewhere = await make();
    expect(
      await give('otto', 'reader', {
        scope: `namespace:${elsewhere.namespace}`,
      }),
    ).toBe(403);
  });

  it('lets nobody take an asset away who was only made a maintainer', async () => {
    const asset = await make();
    await granted('maya', {
      principal: 'user:default/otto',
      role: 'maintainer',
      scope: scopeOf(asset),
    });
    const give = (who: string, owner: string) =>
      portal.as(who).patch(asset.url).send({ owner });
    const taken = await give('otto', 'group:default/others');
    expect(taken.status).toBe(403);
    expect(taken.body.detail).toMatch(`ask ${TEAM}`);
    const accepted = await portal
      .as('otto')
      .post(`${asset.url}/declarations/accept`)
      .send({ location: 'url:his-own' });
    expect(accepted.status).toBe(403);
    expect((await give('ada', 'group:default/others')).status).toBe(200);
    expect((await give('otto', TEAM)).status).toBe(200);
  });

  it('ends a grant for those who may give it, and hides it from others', async () => {
    const asset = await make();
    const id = await granted('ada', {
      principal: 'group:default/others',
      role: 'reader',
      scope: scopeOf(asset),
    });
    const admin = await granted('ada', {
      principal: TEAM,
      role: 'admin',
      scope: `namespace:${asset.namespace}`,
    });
    const end = async (who: string, which: string) =>
      (await portal.as(who).delete(`/grants/${which}`)).status;
    // A reader sees the asset, and not who else does.
    expect(await end('otto', id)).toBe(404);
    expect((await portal.as('otto').get(`${asset.url}/access`)).status).toBe(
      403,
    );
    expect(await end('otto', admin)).toBe(404);
    expect(await end('maya', id)).toBe(204);
    expect(await end('maya', id)).toBe(404);
    expect(await see('otto', asset)).toBe(404);
    expect(await end('otto', '01jdq3xk6m0v8y2tgn5b7c9wze')).toBe(404);
  });

  it('refuses a principal that is none', async () => {
    const asset = await make();
    for (const principal of [
      'group:default/nobody',
      'component:default/team',
      'not a reference',
    ]) {
      const answer = await grant('maya', {
        principal,
        role: 'reader',
        scope: scopeOf(asset),
      });
      expect([principal, answer.status]).toEqual([principal, 400]);
      expect(answer.body.errors[0].field).toBe('principal');
    }
    for (const scope of [
      'asset:x y',
      'shelf:1',
      `namespace:A`,
      'everything!',
    ]) {
      const answer = await grant('maya', {
        principal: TEAM,
        role: 'reader',
        scope,
      });
      expect([scope, answer.status]).toEqual([scope, 400]);
    }
  });

  it('lets those bring a deleted asset back who could delete it', async () => {
    const asset = await make();
    await granted('maya', {
      principal: 'user:default/otto',
      role: 'maintainer',
      scope: scopeOf(asset),
    });
    const deleted = async (who: string) =>
      (await portal.as(who).get('/deleted-assets')).body.items.filter(
        (each: { namespace: string }) => each.namespace === asset.namespace,
      ).length;
    expect(
      (await portal.as('otto').put(`${asset.url}/deletion`).send({})).status,
    ).toBe(200);
    // Who may delete it may bring it back.
    expect([await deleted('otto'), await deleted('noor')]).toEqual([1, 0]);
    expect(
      (await portal.as('noor').delete(`${asset.url}/deletion`)).status,
    ).toBe(404);
    expect(
      (await portal.as('otto').delete(`${asset.url}/deletion`)).status,
    ).toBe(200);
  });

  it('denies creating in a namespace', async () => {
    const { namespace } = await make();
    const body = { namespace, name: 'two', type: 'dataset', owner: TEAM };
    const id = await granted('ada', {
      principal: TEAM,
      role: 'contributor',
      scope: `namespace:${namespace}`,
      effect: 'deny',
    });
    expect((await portal.as('maya').post('/assets').send(body)).status).toBe(
      403,
    );
    await portal.as('ada').delete(`/grants/${id}`);
    expect((await portal.as('maya').post('/assets').send(body)).status).toBe(
      201,
    );
  });

  it('tells a stranger the same, byte for byte, with and without a restricted asset', async () => {
    const text = 'only in the restricted asset';
    const digest = digestOf(text);
    const built = buildManifest([
      { path: 'plan.txt', size: text.length, digest },
    ]);
    const url = '/assets/hidden/plan';
    const own = await portal.as('otto').post('/assets').send({
      namespace: 'strangers',
      name: 'own',
      type: 'dataset',
      owner: 'group:default/others',
    });
    expect(own.status).toBe(201);
    const begin = async (who: string, address: string) => {
      const begun = await portal
        .as(who)
        .post(`${address}/uploads`)
        .send({ digest: built.digest, fileCount: 1, size: text.length });
      return begun.body.upload.id as string;
    };
    /** Which of the bytes a push would have to send. */
    const sendPage = (who: string, id: string) =>
      portal
        .as(who)
        .put(`/uploads/${id}/pages/0`)
        .type('json')
        .send(built.pages[0]);

    async function look() {
      const otto = portal.as('otto');
      const id = await begin('otto', '/assets/strangers/own');
      const answers = [await sendPage('otto', id)];
      await otto.delete(`/uploads/${id}`);
      for (const address of [
        '/assets?limit=1000',
        '/assets?text=plan',
        '/assets?namespace=hidden',
        '/facets',
        '/facets?text=plan',
        '/changes?after=0&limit=1000',
        '/deleted-assets',
        '/uploads',
        '/service-accounts',
        url,
        // Names that are close are suggested.
        '/assets/hidden/plann',
        `${url}/versions`,
        `${url}/versions/latest`,
        `${url}/versions/latest/files`,
        `${url}/versions/latest/files/plan.txt`,
        `${url}/versions/${built.digest}/manifest`,
        `${url}/aliases`,
        `${url}/alias-moves`,
        `${url}/access`,
        `${url}/explanation`,
        `${url}/copies`,
        `${url}/declarations`,
        `${url}/packs/${digest}`,
        '/comparison?from=hidden/plan@1&to=hidden/plan@1',
        '/grants?scope=asset:hidden/plan',
      ])
        answers.push(await otto.get(address).set('Range', 'bytes=0-3'));
      answers.push(
        await otto.patch(url).send({ title: 'mine' }),
        await otto.put(`${url}/deletion`).send({}),
        await otto.delete(`${url}/deletion`),
        await otto.put(`${url}/aliases/best`).send({ version: '1' }),
        await grant('otto', {
          principal: 'user:default/otto',
          role: 'reader',
          scope: 'asset:hidden/plan',
        }),
      );
      return answers.map(({ status, text: body, headers, request }) => ({
        asked: `${request.method} ${new URL(request.url).pathname.replace(
          id,
          'ID',
        )}`,
        status,
        body,
        headers: Object.entries(headers).filter(([name]) => name !== 'date'),
      }));
    }

    const before = await look();
    const made = await portal
      .as('maya')
      .post('/assets')
      .send({
        namespace: 'hidden',
        name: 'plan',
        type: 'dataset',
        visibility: 'restricted',
        tags: ['secret'],
      });
    expect(made.status).toBe(201);
    const id = await begin('maya', url);
    await sendPage('maya', id);
    await portal
      .as('maya')
      .put(`/uploads/${id}/blobs/${digest}`)
      .type('application/octet-stream')
      .send(Buffer.from(text));
    const committed = await portal
      .as('maya')
      .post(`/uploads/${id}/commit`)
      .send({ aliases: ['best'] });
    expect(committed.status).toBe(201);
    const hidden = await look();
    expect(hidden).toEqual(before);
    expect(hidden.filter(({ status }) => status === 404)).toHaveLength(21);
    // It could tell: with a grant nearly all of it is different.
    await granted('maya', {
      principal: 'user:default/otto',
      role: 'reader',
      scope: 'asset:hidden/plan',
    });
    const shown = await look();
    expect(
      shown.filter((each, index) => each.body !== before[index].body).length,
    ).toBeGreaterThan(20);
  });

  it('explains itself, to everybody about themselves', async () => {
    const asset = await make({ visibility: 'internal' });
    const own = await portal.as('otto').get(`${asset.url}/explanation`);
    expect(own.body).toMatchObject({
      principal: 'user:default/otto',
      roles: [
        {
          role: 'reader',
          because: [{ kind: 'visibility', visibility: 'internal' }],
        },
      ],
      denied: [],
    });
    expect(
      own.body.verbs
        .filter((each: { allowed: boolean }) => each.allowed)
        .map((each: { verb: string }) => each.verb),
    ).toEqual(['asset.read', 'asset.download']);
    const foreign = await portal
      .as('otto')
      .get(`${asset.url}/explanation?principal=user:default/maya`);
    expect(foreign.status).toBe(403);
    const owner = await portal
      .as('maya')
      .get(`${asset.url}/explanation?principal=maya`);
    expect(owner.body.roles.at(-1)).toEqual({
      role: 'maintainer',
      because: [{ kind: 'owner', owner: TEAM }],
    });
    const unknown = await portal
      .as('maya')
      .get(`${asset.url}/explanation?principal=user:default/nobody`);
    expect(unknown.status).toBe(400);
  });
});
