import { TestDatabases } from '@backstage/backend-test-utils';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Knex } from 'knex';
import request from 'supertest';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const TEAM = 'group:default/team';
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};

describe.each(databases.eachSupportedId())('service accounts on %p', id => {
  let portal: TestPortal;
  let knex: Knex;
  let count = 0;

  beforeAll(async () => {
    knex = await databases.init(id);
    portal = await TestPortal.start({
      knex,
      groups: [{ name: 'team' }, { name: 'others' }, { name: 'admins' }],
      people: { maya: ['team'], otto: ['others'], ada: ['admins'] },
      configuration: { administrators: ['group:default/admins'] },
    });
  });

  afterAll(() => portal?.stop());

  async function makeAccount() {
    const name = `ci-${count++}`;
    const made = await portal
      .as('maya')
      .post('/service-accounts')
      .send({ name, description: 'builds' });
    expect(made.status).toBe(201);
    return name;
  }

  async function makeToken(name: string, more: object = {}) {
    const made = await portal
      .as('maya')
      .post(`/service-accounts/${name}/tokens`)
      .send(more);
    expect(made.status).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    return made.body as { id: string; token: string; expiresAt: string };
  }

  const exchange = (token: string) =>
    request(portal.server)
      .post('/api/asset-manager/token')
      .type('form')
      .send({ ...EXCHANGE, subject_token: token });

  /** Asks with what a token was exchanged for, as the portal's external access names it. */
  const as = (name: string, tokenId: string) =>
    portal.as(`external:asset-manager:${name}/${tokenId}`);

  const grant = (principal: string, role: string, scope: string, by = 'ada') =>
    portal.as(by).post('/grants').send({ principal, role, scope });

  it('are made by those who look after them, and shown to nobody else', async () => {
    const name = await makeAccount();
    const own = await portal.as('maya').get(`/service-accounts/${name}`);
    expect(own.body).toMatchObject({
      name,
      principal: `service:default/${name}`,
      owner: TEAM,
      description: 'builds',
      createdBy: 'user:default/maya',
    });
    const names = async (who: string) =>
      (await portal.as(who).get('/service-accounts')).body.items.map(
        (each: { name: string }) => each.name,
      );
    expect(await names('maya')).toContain(name);
    expect(await names('ada')).toContain(name);
    expect(await names('otto')).toEqual([]);
    for (const answer of [
      await portal.as('otto').get(`/service-accounts/${name}`),
      await portal.as('otto').get(`/service-accounts/${name}/tokens`),
      await portal.as('otto').post(`/service-accounts/${name}/tokens`).send({}),
      await portal
        .as('otto')
        .patch(`/service-accounts/${name}`)
        .send({ disabled: true }),
    ])
      expect(answer.status).toBe(404);
    const again = await portal
      .as('otto')
      .post('/service-accounts')
      .send({ name });
    expect(again.status).toBe(409);
    const foreign = await portal
      .as('otto')
      .post('/service-accounts')
      .send({ name: 'foreign', owner: TEAM });
    expect(foreign.status).toBe(403);
    for (const wrong of ['CI', 'a/b', '', 'x'.repeat(64)]) {
      const answer = await portal
        .as('maya')
        .post('/service-accounts')
        .send({ name: wrong });
      expect([wrong, answer.status]).toEqual([wrong, 400]);
    }
  });

  it('exchange a token for one that our keys have signed', async () => {
    const name = await makeAccount();
    const { id: tokenId, token } = await makeToken(name);
    const answer = await exchange(token);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
    });
    const keys = await request(portal.server).get(
      '/api/asset-manager/.well-known/jwks.json',
    );
    expect(JSON.stringify(keys.body)).not.toContain('"d"');
    const { payload } = await jwtVerify(
      answer.body.access_token,
      createLocalJWKSet(keys.body),
      { audience: 'asset-manager', algorithms: ['ES256'] },
    );
    expect(payload).toMatchObject({
      sub: `${name}/${tokenId}`,
      iss: expect.stringMatching(/\/api\/asset-manager$/),
    });
    expect(payload.exp! - payload.iat!).toBe(600);
    const listed = await portal
      .as('maya')
      .get(`/service-accounts/${name}/tokens`);
    expect(listed.body.items).toHaveLength(1);
    expect(listed.body.items[0].lastUsedAt).toBeDefined();
    // Its text is kept nowhere.
    const secret = token.split('_').slice(2).join('_');
    for (const table of ['service_tokens', 'idempotency_keys'])
      expect(JSON.stringify(await knex(table).select())).not.toContain(secret);
  });

  it('refuse what is no token in force, and never say which it is', async () => {
    const name = await makeAccount();
    const { id: tokenId, token } = await makeToken(name);
    const refusals = [];
    const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const text of [
      'x',
      'bsa_',
      wrong,
      `bsa_${'0'.repeat(26)}_${'a'.repeat(43)}`,
    ])
      refusals.push(await exchange(text));
    await portal
      .as('maya')
      .delete(`/service-accounts/${name}/tokens/${tokenId}`);
    refusals.push(await exchange(token));
    for (const { status, body } of refusals) {
      expect(status).toBe(401);
      expect(body.detail).toBe('the token is unknown, revoked, or has ended');
    }
    const short = await makeToken(name, {
      expiresAt: new Date(Date.now() + 500).toISOString(),
    });
    expect((await exchange(short.token)).status).toBe(200);
    await new Promise(resolve => {
      setTimeout(resolve, 600);
    });
    expect((await exchange(short.token)).status).toBe(401);
    expect((await as(name, short.id).get('/whoami')).status).toBe(401);
    for (const expiresAt of ['2020-01-01', '2100-01-01', 'soon']) {
      const answer = await portal
        .as('maya')
        .post(`/service-accounts/${name}/tokens`)
        .send({ expiresAt });
      expect([expiresAt, answer.status]).toEqual([expiresAt, 400]);
    }
  });

  it('rotate a token: the former ends a while after there is a new one', async () => {
    const name = await makeAccount();
    const former = await makeToken(name, {
      description: 'the night job',
      expiresAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    });
    const began = Date.now();
    const next = await makeToken(name, {
      replaces: { id: former.id, overlap: 60 },
    });
    expect(next).toMatchObject({ description: 'the night job' });
    // It lives as long as the former was made for.
    const life = Date.parse(next.expiresAt) - Date.now();
    expect(Math.round(life / 86_400_000)).toBe(30);
    const ends = async () =>
      (
        await portal.as('maya').get(`/service-accounts/${name}/tokens`)
      ).body.items.find((each: { id: string }) => each.id === former.id)
        .expiresAt;
    const end = Date.parse(await ends());
    expect(end).toBeGreaterThanOrEqual(began + 60_000);
    expect(end).toBeLessThan(began + 90_000);
    // As a file gives it, with a line break.
    expect((await exchange(`${former.token}\n`)).status).toBe(200);
    await makeToken(name, { replaces: { id: former.id } });
    expect((await exchange(former.token)).status).toBe(401);
    expect((await exchange(next.token)).status).toBe(200);
    // Nothing is prolonged, nor is there one to replace that has ended.
    const url = `/service-accounts/${name}/tokens`;
    const again = await portal
      .as('maya')
      .post(url)
      .send({ replaces: { id: former.id, overlap: 60 } });
    expect(again.status).toBe(404);
    const other = await makeAccount();
    const foreign = await portal
      .as('maya')
      .post(`/service-accounts/${other}/tokens`)
      .send({ replaces: { id: next.id } });
    expect(foreign.status).toBe(404);
  });

  it('may do what grants give them, and nothing else', async () => {
    const name = await makeAccount();
    const { id: tokenId } = await makeToken(name);
    const service = as(name, tokenId);
    const namespace = `sa${count}`;
    const url = `/assets/${namespace}/it`;
    await portal
      .as('maya')
      .post('/assets')
      .send({ namespace, name: 'it', type: 'dataset' });
    // Internal assets are for people; its owner's membership is not its own.
    expect((await service.get(url)).status).toBe(404);
    expect((await service.get('/assets')).body.items).toEqual([]);
    const create = (body: object) =>
      service.post('/assets').send({ namespace, type: 'dataset', ...body });
    expect((await create({ name: 'made' })).status).toBe(403);
    const principal = `service:default/${name}`;
    await grant(principal, 'contributor', `namespace:${namespace}`);
    expect((await service.get(url)).status).toBe(200);
    const made = await create({ name: 'made' });
    expect(made.body).toMatchObject({ owner: TEAM, createdBy: principal });
    expect(
      (await create({ name: 'two', owner: 'group:default/others' })).status,
    ).toBe(403);
    const begun = await service
      .post(`${url}/uploads`)
      .send({ digest: `sha256:${'b'.repeat(64)}`, fileCount: 1, size: 1 });
    expect(begun.status).toBe(201);
    expect((await service.patch(url).send({ title: 'no' })).status).toBe(403);
    expect(
      (await service.post('/service-accounts').send({ name: 'more' })).status,
    ).toBe(400);
    const why = await portal
      .as('maya')
      .get(`${url}/explanation?principal=${principal}`);
    expect(why.body.roles.map((each: { role: string }) => each.role)).toEqual([
      'reader',
      'contributor',
    ]);
  });

  it('hear nothing of assets that they could not see', async () => {
    const name = await makeAccount();
    const { id: tokenId } = await makeToken(name);
    const namespace = `sb${count}`;
    const url = `/assets/${namespace}/it`;
    await portal
      .as('maya')
      .post('/assets')
      .send({ namespace, name: 'it', type: 'dataset' });
    await portal.as('maya').patch(url).send({ visibility: 'restricted' });
    const heard = async (who: string) =>
      (await portal.as(who).get('/changes?after=0&limit=1000')).body.items
        .filter((each: { namespace: string }) => each.namespace === namespace)
        .map((each: { kind: string }) => each.kind);
    // The catalog has to take it away; an account never had it.
    expect(await heard('plugin:catalog')).toEqual(['asset.hidden']);
    expect(await heard(`external:asset-manager:${name}/${tokenId}`)).toEqual(
      [],
    );
  });

  it('never approve, and give nobody a role of an admin', async () => {
    const name = await makeAccount();
    for (const role of ['approver', 'admin']) {
      const answer = await grant(`service:default/${name}`, role, 'everything');
      expect([role, answer.status]).toEqual([role, 400]);
    }
    const none = await grant('service:default/none', 'reader', 'everything');
    expect(none.body.errors[0].field).toBe('principal');
  });

  it('stop at once when they are disabled, or a token is revoked', async () => {
    const name = await makeAccount();
    const [first, second] = [await makeToken(name), await makeToken(name)];
    const status = async ({ id: tokenId }: { id: string }) =>
      (await as(name, tokenId).get('/whoami')).status;
    expect([await status(first), await status(second)]).toEqual([200, 200]);
    const revoked = await portal
      .as('maya')
      .delete(`/service-accounts/${name}/tokens/${first.id}`);
    expect(revoked.status).toBe(204);
    expect([await status(first), await status(second)]).toEqual([401, 200]);
    const disable = (disabled: boolean) =>
      portal.as('ada').patch(`/service-accounts/${name}`).send({ disabled });
    expect((await disable(true)).body.disabledAt).toBeDefined();
    expect(await status(second)).toBe(401);
    expect((await exchange(second.token)).status).toBe(401);
    expect((await disable(false)).body.disabledAt).toBeUndefined();
    expect(await status(second)).toBe(200);
    // A token is of one account.
    const other = await makeAccount();
    expect((await as(other, second.id).get('/whoami')).status).toBe(401);
    expect(
      decodeJwt((await exchange(second.token)).body.access_token).sub,
    ).toBe(`${name}/${second.id}`);
  });
});
