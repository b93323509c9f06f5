import { createServer, IncomingMessage, Server } from 'node:http';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import type { Knex } from 'knex';
import { Installation } from './__testUtils__/Installation';
import { TestPortal } from './__testUtils__/TestPortal';
import type { Caller } from './model/caller';
import { PERMISSIVE } from './model/policy';
import { isSignedWebhook, signWebhook } from './model/webhookSignature';
import { AuditKey } from './services/AuditKey';
import { AuditSealer } from './services/AuditSealer';
import { WebhookSender } from './services/WebhookSender';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const SECRET = 'of both sides';
const OPERATOR: Caller = {
  kind: 'user',
  subject: 'user:default/olga',
  ownershipEntityRefs: ['user:default/olga'],
  groups: [],
  sees: [],
  grants: [],
  administrator: false,
  policy: PERMISSIVE,
};

interface Heard {
  headers: IncomingMessage['headers'];
  body: string;
}

describe.each(databases.eachSupportedId())('outgoing webhooks on %p', id => {
  let here: Installation;
  let server: Server;
  let heard: Heard[] = [];
  let answers: number[] = [];
  let sender: WebhookSender;
  let sealer: AuditSealer;
  let keyFile = '';

  beforeEach(async () => {
    heard = [];
    answers = [];
    server = createServer((req, res) => {
      let body = '';
      req.on('data', chunk => {
        body += chunk;
      });
      req.on('end', () => {
        heard.push({ headers: req.headers, body });
        const status = answers.shift() ?? 200;
        res
          .writeHead(status, status === 302 ? { location: '/elsewhere' } : {})
          .end();
      });
    });
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
    keyFile = path.join(os.tmpdir(), `${process.pid}-${Date.now()}.pem`);
    sealer = new AuditSealer({
      ...here,
      key: AuditKey.open({ file: keyFile }),
      auditor: mockServices.auditor.mock({
        createEvent: async () => ({
          success: async () => {},
          fail: async () => {},
        }),
      }),
    });
    sender = new WebhookSender({
      ...here,
      webhooks: [
        {
          name: 'deploy',
          url: `http://127.0.0.1:${
            (server.address() as AddressInfo).port
          }/hook?key=hidden`,
          secret: SECRET,
          actions: ['version.'],
        },
      ],
      operators: ['user:default/olga'],
    });
    // From the first run on it hears of what happens.
    await sender.run();
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await here.remove();
    await rm(keyFile);
  });

  /** Something happens, and is sealed. */
  async function happen(...kinds: Parameters<typeof here.change>[0][]) {
    for (const kind of kinds) await here.change(kind, '1');
    await sealer.run();
  }

  const status = async () => (await sender.list(OPERATOR))[0];

  it('send what happens, in order, signed, with actor and change', async () => {
    await happen('version.created', 'alias.moved', 'version.moved');
    await sender.run();
    expect(heard.map(({ headers }) => headers['asset-manager-event'])).toEqual([
      'version.created',
      'version.moved',
    ]);
    const [{ headers, body }] = heard;
    const { webhook, event, sequence } = JSON.parse(body);
    expect(webhook).toBe('deploy');
    expect(sequence).toBeGreaterThan(0);
    expect(event).toMatchObject({
      action: 'version.created',
      actor: expect.any(String),
      object: expect.stringContaining('@1'),
    });
    expect(headers['asset-manager-delivery']).toBe(event.id);
    const signature = String(headers['asset-manager-signature']);
    const now = Date.parse(here.now());
    expect(isSignedWebhook(SECRET, signature, body, now)).toBe(true);
    expect(isSignedWebhook(SECRET, signature, `${body} `, now)).toBe(false);
    expect(isSignedWebhook('another', signature, body, now)).toBe(false);
    expect(isSignedWebhook(SECRET, signature, body, now + 400_000)).toBe(false);
    await sender.run();
    expect(heard).toHaveLength(2);
    expect(await status()).toMatchObject({ behind: 0, deadLetters: [] });
  });

  it('try again later, longer each time, and keep the order', async () => {
    answers = [503, 500, 200, 200];
    await happen('version.created', 'version.moved');
    await sender.run();
    await sender.run();
    expect(heard).toHaveLength(1);
    expect(await status()).toMatchObject({
      attempts: 1,
      lastError: 'it answered 503',
      behind: 2,
    });
    here.at(1);
    await sender.run();
    expect((await status()).attempts).toBe(2);
    here.at(2);
    await sender.run();
    expect(heard.map(({ headers }) => headers['asset-manager-event'])).toEqual([
      'version.created',
      'version.created',
      'version.created',
      'version.moved',
    ]);
    expect(await status()).toMatchObject({ attempts: 0, behind: 0 });
  });

  it('bury what is refused, or never taken, and send it again when asked', async () => {
    answers = [422, 200];
    await happen('version.created', 'version.moved');
    await sender.run();
    expect(heard).toHaveLength(2);
    const [letter] = (await status()).deadLetters;
    expect(letter.error).toBe('it answered 422');
    await expect(sender.resend(OPERATOR, 'deploy', 999)).rejects.toThrow(
      'no dead letter',
    );
    answers = [500];
    await expect(
      sender.resend(OPERATOR, 'deploy', letter.sequence),
    ).rejects.toThrow('does not take it: it answered 500');
    await sender.resend(OPERATOR, 'deploy', letter.sequence);
    expect((await status()).deadLetters).toEqual([]);

    await happen('version.verified');
    answers = Array(9).fill(500);
    for (let hour = 1; hour <= 9; hour++) {
      here.at(hour * 12);
      await sender.run();
    }
    expect(await status()).toMatchObject({
      behind: 0,
      deadLetters: [{ error: 'it answered 500' }],
    });
  });

  it('follow nobody elsewhere, and show no secret', async () => {
    answers = [302];
    await happen('version.created');
    await sender.run();
    expect(heard).toHaveLength(1);
    const shown = JSON.stringify(await status());
    expect(shown).toContain('it answered 302');
    expect(shown).not.toContain('hidden');
    expect(shown).not.toContain(SECRET);
    server.closeAllConnections();
    server.close();
    await happen('version.moved');
    await sender.run();
    expect((await status()).lastError).toBe('it can not be reached');
    await expect(
      sender.list({ ...OPERATOR, ownershipEntityRefs: [] }),
    ).rejects.toThrow('only operators');
  });
});

describe.each(databases.eachSupportedId())('signed checks on %p', id => {
  let portal: TestPortal;
  let knex: Knex;

  beforeAll(async () => {
    knex = await databases.init(id);
    portal = await TestPortal.start({
      knex,
      groups: [{ name: 'team' }, { name: 'admins' }],
      people: { maya: ['team'], ada: ['admins'] },
      configuration: {
        administrators: ['group:default/admins'],
        checkWebhooks: [
          { name: 'ci', secret: SECRET, account: 'ci' },
          { name: 'gone', secret: SECRET, account: 'gone' },
        ],
      },
    });
    const maya = portal.as('maya');
    await maya.post('/service-accounts').send({ name: 'ci' });
    await maya
      .post('/assets')
      .send({ namespace: 'signed', name: 'it', type: 'generic' });
    await portal.push('maya', '/assets/signed/it', { text: 'it' });
    await portal.as('ada').post('/grants').send({
      principal: 'service:default/ci',
      role: 'contributor',
      scope: 'asset:signed/it',
    });
  });

  afterAll(() => portal?.stop());

  const CHECK = { version: 'signed/it@1', name: 'rows', status: 'passed' };
  const sign = (body: string, at = Date.now(), secret = SECRET) =>
    signWebhook(secret, at, body);

  async function send(
    options: { body?: string; signature?: string; source?: string } = {},
  ) {
    const { body = JSON.stringify(CHECK), source = 'ci' } = options;
    const request = portal
      .as(undefined)
      .post(`/webhooks/checks/${source}`)
      .type('json');
    const signature = options.signature ?? sign(body);
    if (signature !== '') request.set('Asset-Manager-Signature', signature);
    const { status, body: answer } = await request.send(body);
    return { status, detail: answer.detail as string, answer };
  }

  it('are recorded in the name of the service account', async () => {
    const body = JSON.stringify({ ...CHECK, summary: 'all there' });
    const { status, answer } = await send({ body });
    expect(status).toBe(201);
    expect(answer).toMatchObject({
      name: 'rows',
      status: 'passed',
      summary: 'all there',
      by: 'service:default/ci',
      label: '1',
    });
  });

  it('are taken once', async () => {
    const body = JSON.stringify({ ...CHECK, summary: 'once' });
    const signature = sign(body);
    const all = await Promise.all(
      [1, 2, 3].map(() => send({ body, signature })),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
  });

  it.each([
    ['no signature', { signature: '' }],
    ['garbage', { signature: 'let me in' }],
    ['another secret', { signature: sign('{}', Date.now(), 'guessed') }],
    [
      'another body',
      { signature: sign(JSON.stringify({ ...CHECK, name: 'x' })) },
    ],
    [
      'an old signature',
      { signature: sign(JSON.stringify(CHECK), Date.now() - 301_000) },
    ],
    [
      'one of the future',
      { signature: sign(JSON.stringify(CHECK), Date.now() + 400_000) },
    ],
    ['another source', { source: 'nobody' }],
    ['a source whose account is not there', { source: 'gone' }],
  ])('are refused with %s', async (_, options) => {
    const { status, detail } = await send(options);
    expect(status).toBe(401);
    expect(detail).not.toContain(SECRET);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no version', JSON.stringify({ name: 'x', status: 'passed' })],
    ['no label', JSON.stringify({ ...CHECK, version: 'signed/it' })],
    ['another status', JSON.stringify({ ...CHECK, status: 'good' })],
    ['no object as evidence', JSON.stringify({ ...CHECK, evidence: [1] })],
    ['a long name', JSON.stringify({ ...CHECK, name: 'x'.repeat(101) })],
  ])('have to be right: %s', async (_, body) => {
    expect((await send({ body })).status).toBe(400);
  });

  it('go as far as the account may, and no further', async () => {
    const maya = portal.as('maya');
    await maya
      .post('/assets')
      .send({ namespace: 'signed', name: 'other', type: 'generic' });
    await portal.push('maya', '/assets/signed/other', { text: 'other' });
    const body = JSON.stringify({ ...CHECK, version: 'signed/other@1' });
    expect((await send({ body })).status).toBe(404);
    await maya.patch('/service-accounts/ci').send({ disabled: true });
    const { status } = await send();
    expect(status).toBe(401);
  });
});
