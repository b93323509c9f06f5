import { TestDatabases } from '@backstage/backend-test-utils';
import { decodeJwt, generateKeyPair } from 'jose';
import request from 'supertest';
import { TestIssuer } from './__testUtils__/TestIssuer';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const RULES = { repository: 'acme/models', ref: 'refs/heads/*' };
const JOB = { repository: 'acme/models', ref: 'refs/heads/main' };
const REFUSAL =
  'the token does not stand for this account; the log of the portal says why';

describe.each(databases.eachSupportedId())('federations on %p', id => {
  let portal: TestPortal;
  let issuer: TestIssuer;
  let other: TestIssuer;
  let count = 0;

  beforeAll(async () => {
    [issuer, other] = await Promise.all([
      TestIssuer.start(),
      TestIssuer.start(),
    ]);
    portal = await TestPortal.start({
      knex: await databases.init(id),
      groups: [{ name: 'team' }, { name: 'others' }],
      people: { maya: ['team'], otto: ['others'] },
      configuration: {
        federation: {
          issuers: [issuer.url],
          audience: 'https://portal.example.org',
        },
      },
    });
  });

  afterAll(async () => {
    await portal?.stop();
    await issuer?.stop();
    await other?.stop();
  });

  async function makeAccount() {
    const name = `ci-${count++}`;
    await portal.as('maya').post('/service-accounts').send({ name });
    return name;
  }

  const federate = (name: string, claims: object = RULES, by = 'maya') =>
    portal
      .as(by)
      .post(`/service-accounts/${name}/federations`)
      .send({ issuer: issuer.url, claims });

  const exchange = (token: string, account: string) =>
    request(portal.server).post('/api/asset-manager/token').type('form').send({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: token,
      service_account: account,
    });

  it('let a job be the account by the token of its own', async () => {
    const name = await makeAccount();
    const made = await federate(name);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      issuer: issuer.url,
      claims: RULES,
      createdBy: 'user:default/maya',
    });
    const answer = await exchange(await issuer.sign(JOB), name);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { sub } = decodeJwt(answer.body.access_token);
    expect(sub).toBe(`${name}/${made.body.id}`);
    const who = await portal.as(`external:asset-manager:${sub}`).get('/whoami');
    expect(who.body).toMatchObject({
      kind: 'service',
      subject: `service:default/${name}`,
    });
    const listed = await portal
      .as('maya')
      .get(`/service-accounts/${name}/federations`);
    expect(listed.body.items).toEqual([
      { ...made.body, lastUsedAt: expect.any(String) },
    ]);
  });

  it('refuse what does not meet the rules, and never say why', async () => {
    const name = await makeAccount();
    await federate(name);
    const stranger = await generateKeyPair('RS256');
    const now = Math.floor(Date.now() / 1000);
    const unsigned = [
      { alg: 'none' },
      { ...JOB, iss: issuer.url, aud: 'https://portal.example.org' },
    ]
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const tokens: Record<string, string> = {
      'another repository': await issuer.sign({
        ...JOB,
        repository: 'evil/models',
      }),
      'a tag': await issuer.sign({ ...JOB, ref: 'refs/tags/main' }),
      'a missing claim': await issuer.sign({ repository: 'acme/models' }),
      'a claim that is an object': await issuer.sign({ ...JOB, ref: {} }),
      'another portal': await issuer.sign({
        ...JOB,
        aud: 'https://elsewhere.example.org',
      }),
      'one that has ended': await issuer.sign({
        ...JOB,
        iat: now - 600,
        exp: now - 60,
      }),
      'one without an end': await issuer.sign({ ...JOB, exp: undefined }),
      'one that lives for a week': await issuer.sign({
        ...JOB,
        exp: now + 7 * 24 * 3600,
      }),
      'one from tomorrow': await issuer.sign({ ...JOB, nbf: now + 3600 }),
      "a stranger's key": await issuer.sign(JOB, stranger.privateKey),
      'a shared secret': await issuer.sign(
        JOB,
        Buffer.from('x'.repeat(32)),
        'HS256',
      ),
      'no signature': `${unsigned}.`,
      'another issuer': await other.sign(JOB),
      'the name of ours, signed by another': await other.sign({
        ...JOB,
        iss: issuer.url,
      }),
      'no token': 'x',
    };
    for (const [what, token] of Object.entries(tokens)) {
      const { status, body } = await exchange(token, name);
      expect([what, status, body.detail]).toEqual([what, 401, REFUSAL]);
    }
    expect(other.requests).toEqual([]);
    const good = await issuer.sign(JOB);
    for (const account of ['none', await makeAccount()]) {
      const { status, body } = await exchange(good, account);
      expect([status, body.detail]).toEqual([401, REFUSAL]);
    }
    expect((await exchange(good, '')).status).toBe(400);
    expect((await exchange(good, 'a\nb')).status).toBe(400);
    expect((await exchange(good, name)).status).toBe(200);
  });

  it('end at once, with what their tokens were exchanged for', async () => {
    const name = await makeAccount();
    const { id: federation } = (await federate(name)).body;
    const { body } = await exchange(await issuer.sign(JOB), name);
    const as = portal.as(
      `external:asset-manager:${decodeJwt(body.access_token).sub}`,
    );
    expect((await as.get('/whoami')).status).toBe(200);
    const one = `/service-accounts/${name}/federations/${federation}`;
    const foreign = await portal
      .as('maya')
      .delete(
        `/service-accounts/${await makeAccount()}/federations/${federation}`,
      );
    expect(foreign.status).toBe(404);
    expect((await portal.as('otto').delete(one)).status).toBe(404);
    expect((await portal.as('maya').delete(one)).status).toBe(204);
    expect((await portal.as('maya').delete(one)).status).toBe(404);
    expect((await as.get('/whoami')).status).toBe(401);
    expect((await exchange(await issuer.sign(JOB), name)).status).toBe(401);
  });

  it('do not help an account that is disabled', async () => {
    const name = await makeAccount();
    await federate(name);
    const { body } = await exchange(await issuer.sign(JOB), name);
    await portal
      .as('maya')
      .patch(`/service-accounts/${name}`)
      .send({ disabled: true });
    const as = portal.as(
      `external:asset-manager:${decodeJwt(body.access_token).sub}`,
    );
    expect((await as.get('/whoami')).status).toBe(401);
    expect((await exchange(await issuer.sign(JOB), name)).status).toBe(401);
  });

  it('are made for trusted issuers alone, with rules that not every token meets', async () => {
    const name = await makeAccount();
    for (const claims of [{}, { sub: '*' }, { sub: '**', ref: '' }]) {
      const answer = await federate(name, claims);
      expect([claims, answer.status, answer.body.errors[0].field]).toEqual([
        claims,
        400,
        'claims',
      ]);
    }
    const untrusted = await portal
      .as('maya')
      .post(`/service-accounts/${name}/federations`)
      .send({ issuer: other.url, claims: RULES });
    expect(untrusted.body.errors[0]).toEqual({
      field: 'issuer',
      detail: `this portal trusts ${issuer.url} alone`,
    });
    expect((await federate(name, RULES, 'otto')).status).toBe(404);
    const settings = await portal.as('otto').get('/federation-settings');
    expect(settings.body).toEqual({
      issuers: [issuer.url],
      audience: 'https://portal.example.org',
    });
  });

  it('wait for an issuer that is down, and believe none that says it is another', async () => {
    const down = await TestIssuer.start();
    const own = await TestPortal.start({
      knex: await databases.init(id),
      groups: [{ name: 'team' }],
      people: { maya: ['team'] },
      configuration: {
        federation: {
          issuers: [down.url],
          audience: 'https://portal.example.org',
        },
      },
    });
    try {
      await own.as('maya').post('/service-accounts').send({ name: 'ci' });
      await own
        .as('maya')
        .post('/service-accounts/ci/federations')
        .send({ issuer: down.url, claims: RULES });
      const status = async () => {
        const answer = await request(own.server)
          .post('/api/asset-manager/token')
          .type('form')
          .send({
            grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
            subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
            subject_token: await down.sign(JOB),
            service_account: 'ci',
          });
        return answer.status;
      };
      down.isDown = true;
      expect(await status()).toBe(401);
      down.isDown = false;
      down.named = issuer.url;
      expect(await status()).toBe(401);
      down.named = undefined;
      expect(await status()).toBe(200);
    } finally {
      await own.stop();
      await down.stop();
    }
  });
});
