import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import type { NotificationSendOptions } from '@backstage/plugin-notifications-node';
import { TestPortal } from './__testUtils__/TestPortal';
import { DatabaseRepository } from './database/DatabaseRepository';
import { AccessDecider } from './services/AccessDecider';
import { AssetTypes } from './services/AssetTypes';
import { Callers } from './services/Callers';
import { Situations } from './services/Situations';
import { TransitionNotifier } from './services/TransitionNotifier';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const TYPE = `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: told }
spec:
  stages: [{ name: draft, initial: true }, { name: live }, { name: side }]
  transitions:
    - from: [draft]
      to: live
      role: contributor
      gates:
        - { name: qa, kind: approvals, from: ['group:default/qa'] }
        - { name: role, kind: approvals }
    - from: [draft]
      to: side
      role: contributor
      actions:
        - { kind: notify, to: ['group:default/lab', 'group:default/none', 'user:default/anna'] }
`;

describe.each(databases.eachSupportedId())('notifications on %p', id => {
  let portal: TestPortal;
  let notifier: TransitionNotifier;
  let sent: NotificationSendOptions[] = [];
  let failures = 0;
  let count = 0;

  const seal = () => portal.as('ada').post('/audit/checkpoints').send();

  beforeAll(async () => {
    const knex = await databases.init(id);
    portal = await TestPortal.start({
      knex,
      groups: [
        { name: 'team' },
        { name: 'qa' },
        { name: 'admins' },
        { name: 'lab' },
      ],
      people: { maya: ['team'], quinn: ['qa'], anna: [], ada: ['admins'] },
      configuration: {
        administrators: ['group:default/admins'],
        auditors: ['user:default/ada'],
      },
    });
    await portal.as('ada').post('/asset-types').send({ document: TYPE });
    await portal.as('ada').post('/grants').send({
      principal: 'user:default/anna',
      role: 'approver',
      scope: 'type:told',
    });
    const repository = await DatabaseRepository.create({
      database: { getClient: async () => knex },
    });
    const now = () => new Date().toISOString();
    const types = new AssetTypes({
      repository,
      now,
      shipped: [],
      configured: [],
    });
    notifier = new TransitionNotifier({
      repository,
      situations: new Situations({ repository, types }),
      notifications: {
        send: async options => {
          if (failures > 0) {
            failures--;
            throw new Error('there are no notifications here');
          }
          sent.push(options);
        },
      },
      callers: new Callers({
        repository,
        memberships: {
          of: async ref => {
            const groups = ref.endsWith('/maya') ? ['group:default/team'] : [];
            return { groups, all: groups };
          },
        },
        owners: { has: async ref => ref !== 'group:default/none' },
        administrators: [],
        now,
      }),
      access: new AccessDecider({ repository, now }),
      now,
      logger: mockServices.logger.mock(),
    });
    await seal();
    await notifier.run();
  });

  beforeEach(() => {
    sent = [];
  });
  afterAll(() => portal?.stop());

  /** Asks to move a version of a new asset. */
  async function ask(visibility = 'internal') {
    const name = `it-${count++}`;
    const url = `/assets/told/${name}`;
    await portal
      .as('maya')
      .post('/assets')
      .send({ namespace: 'told', name, type: 'told', visibility });
    await portal.push('maya', url, { text: name });
    const { body } = await portal
      .as('maya')
      .post(`${url}/versions/1/transitions`)
      .send({ to: 'live', reason: 'protocol 12' });
    return { url, request: body.request };
  }

  const decide = (
    who: string,
    request: { id: string; payload: string },
    more = {},
  ) =>
    portal
      .as(who)
      .post(`/transition-requests/${request.id}/decisions`)
      .send({ decision: 'approve', payload: request.payload, ...more });

  async function told() {
    await seal();
    await notifier.run();
    return sent.map(({ recipients, payload }) => ({
      to: recipients.type === 'entity' ? recipients.entityRef : [],
      title: payload.title,
      link: payload.link,
    }));
  }

  it('tell approvers what waits, and the requester what became of it', async () => {
    const { url, request } = await ask();
    const name = url.replace('/assets/', '');
    expect(await told()).toEqual([
      {
        to: ['group:default/qa', 'user:default/anna'],
        title: `maya asks to move ${name}@1 to 'live'`,
        link: '/assets/approvals',
      },
    ]);
    expect(sent[0]).toMatchObject({
      recipients: { excludeEntityRef: 'user:default/maya' },
      payload: { description: 'protocol 12' },
    });
    sent = [];
    await decide('quinn', request);
    await decide('anna', request);
    expect((await told()).map(({ title, to }) => `${to} ${title}`)).toEqual([
      `user:default/maya quinn approved to move ${name}@1 to 'live'`,
      `user:default/maya anna approved to move ${name}@1 to 'live'`,
      `user:default/maya ${name}@1 stands in 'live' now`,
    ]);
    sent = [];
    expect(await told()).toEqual([]);
  });

  it('tell of a no, and of a request that was overtaken', async () => {
    const first = await ask();
    await decide('quinn', first.request, { decision: 'reject', comment: 'no' });
    const second = await ask();
    await portal
      .as('maya')
      .post(`${second.url}/versions/1/transitions`)
      .send({ to: 'side' });
    const titles = (await told()).map(({ title }) => title);
    expect(titles).toContain(
      `quinn rejected to move ${first.url.replace('/assets/', '')}@1 to 'live'`,
    );
    expect(titles).toContainEqual(
      expect.stringContaining('was moved elsewhere'),
    );
  });

  it('tell those whom the rules name, and nobody of what they may not see', async () => {
    const move = ({ url }: { url: string }) =>
      portal
        .as('maya')
        .post(`${url}/versions/1/transitions`)
        .send({ to: 'side' });
    const open = await ask();
    await told();
    sent = [];
    await move(open);
    const title = `${open.url.replace('/assets/', '')}@1 stands in 'side' now`;
    expect(await told()).toContainEqual({
      to: ['group:default/lab', 'user:default/anna'],
      title,
      link: `${open.url}/lifecycle`,
    });
    sent = [];
    const hidden = await ask('restricted');
    await move(hidden);
    // The approver of the type sees it, the others don't.
    const heard = (await told()).flatMap(({ to }) => to);
    expect([...new Set(heard)].sort()).toEqual([
      'user:default/anna',
      'user:default/maya',
    ]);
  });

  it('try again when nobody can be told, and give up after a while', async () => {
    await ask();
    failures = 1;
    expect(await told()).toEqual([]);
    expect(await told()).toHaveLength(1);
    sent = [];
    await ask();
    failures = 5;
    for (let turn = 0; turn < 6; turn++) await told();
    expect(sent).toEqual([]);
  });
});
