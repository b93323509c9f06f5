import { TestDatabases } from '@backstage/backend-test-utils';
import { createBackendModule } from '@backstage/backend-plugin-api';
import type { TransitionRequest } from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerGatesExtensionPoint } from '@baseasset/backstage-plugin-asset-manager-node';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(180_000);

const TYPE = (gates: string, more = '') => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: gated }
spec:
  stages:
    - { name: draft, initial: true }
    - { name: live, single: true }
    - { name: trial, requires: [license] }
    - { name: gone, final: true }
  transitions:
    - from: [draft]
      to: live
      role: contributor
      gates:
${gates}
    - { from: [draft], to: trial, role: contributor }
    - { from: [live], to: gone }
${more}`;

/** What another package adds: versions have so many bytes at most. */
const sizeGate = createBackendModule({
  pluginId: 'asset-manager',
  moduleId: 'size-gate',
  register(env) {
    env.registerInit({
      deps: { gates: assetManagerGatesExtensionPoint },
      async init({ gates }) {
        gates.addGateKind('size', {
          options: {
            properties: { most: { type: 'integer' } },
            required: ['most'],
          },
          judge: ({ most }, { version }) => ({
            state: version.size <= Number(most) ? 'passed' : 'failed',
            message: `it has ${version.size} bytes`,
          }),
        });
      },
    });
  },
});

const QA = `        - { name: qa, kind: approvals, from: ['group:default/qa'], meaning: I reviewed it }`;
const TWO = `        - { name: qa, kind: approvals, count: 2 }`;

describe.each(databases.eachSupportedId())('gates on %p', databaseId => {
  let portal: TestPortal;
  let knex: Knex;
  let count = 0;

  beforeAll(async () => {
    knex = await databases.init(databaseId);
    portal = await TestPortal.start({
      knex,
      groups: [
        { name: 'team' },
        { name: 'admins' },
        { name: 'qa' },
        { name: 'auditors', parent: 'qa' },
      ],
      people: {
        maya: ['team'],
        tim: ['team', 'qa'],
        quinn: ['qa'],
        nora: ['auditors'],
        vera: [],
        anna: [],
        bert: [],
        ada: ['admins'],
      },
      configuration: { administrators: ['group:default/admins'] },
      modules: [sizeGate],
    });
    for (const who of ['anna', 'bert', 'tim'])
      await portal
        .as('ada')
        .post('/grants')
        .send({
          principal: `user:default/${who}`,
          role: 'approver',
          scope: 'everything',
        });
  });

  afterAll(() => portal?.stop());

  const rules = async (gates: string, more = '') => {
    const { status, body } = await portal
      .as('ada')
      .post('/asset-types')
      .send({ document: TYPE(gates, more) });
    expect(`${status} ${body.detail ?? ''}`).toMatch(/^20[01]/);
  };

  /** A version of a new asset, by its address. */
  async function make(metadata: object = {}, asset = `it-${count++}`) {
    const url = `/assets/gates/${asset}`;
    await portal
      .as('maya')
      .post('/assets')
      .send({ namespace: 'gates', name: asset, type: 'gated' });
    const { status, body } = await portal.push('maya', url, {
      text: `${asset} ${count++}`,
      commit: { metadata },
      begin: { metadata },
    });
    expect(status).toBe(201);
    return `${url}/versions/${body.version.label}`;
  }

  const ask = (url: string, to = 'live', who = 'maya') =>
    portal.as(who).post(`${url}/transitions`).send({ to });

  async function open(url: string): Promise<TransitionRequest> {
    const { status, body } = await ask(url);
    expect(`${status} ${body.state}`).toBe('201 open');
    return body.request;
  }

  const decide = (who: string, request: TransitionRequest, more: object = {}) =>
    portal
      .as(who)
      .post(`/transition-requests/${request.id}/decisions`)
      .send({ decision: 'approve', payload: request.payload, ...more });

  const see = async (request: TransitionRequest, who = 'maya') =>
    (await portal.as(who).get(`/transition-requests/${request.id}`))
      .body as TransitionRequest;

  const stageOf = async (url: string) =>
    (await portal.as('maya').get(url)).body.stage;

  const historyOf = (url: string) =>
    portal.as('vera').get(`${url.replace(/\/versions.*/, '')}/transitions`);

  const check = (url: string, who: string, more: object) =>
    portal
      .as(who)
      .post(`${url}/checks`)
      .send({ name: 'accuracy', status: 'passed', ...more });

  describe('each kind', () => {
    it('one that a module adds, with options of its own', async () => {
      await rules(`        - { name: small, kind: size, most: 1 }`);
      const url = await make();
      const { gates } = await open(url);
      expect(gates[0]).toMatchObject({
        kind: 'size',
        state: 'failed',
        message: expect.stringMatching(/^it has \d+ bytes$/),
      });
      await rules(`        - { name: small, kind: size, most: 1000 }`);
      const { body } = await portal.as('maya').get(`${url}/stage`);
      expect(body.transitions[0].gates[0].state).toBe('passed');
      const wrong = await portal
        .as('ada')
        .post('/asset-types')
        .send({ document: TYPE(`        - { name: small, kind: size }`) });
      expect(wrong.status).toBe(400);
    });

    it('actions: an alias follows the version, or nothing moves', async () => {
      const document = (actions: string) => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: gated }
spec:
  stages: [{ name: draft, initial: true }, { name: live }]
  transitions:
    - { from: [draft], to: live, role: contributor, actions: [${actions}] }
`;
      const apply = (actions: string) =>
        portal
          .as('ada')
          .post('/asset-types')
          .send({ document: document(actions) });
      for (const wrong of [
        '{ kind: alias, alias: live }',
        '{ kind: alias, alias: latest }',
        '{ kind: alias }',
        '{ kind: notify, to: [] }',
        '{ kind: notify, to: [qa] }',
        '{ kind: explode }',
      ])
        expect(`${wrong} ${(await apply(wrong)).status}`).toBe(`${wrong} 400`);
      expect((await apply('{ kind: alias, alias: best }')).status).toBe(201);
      const asset = `it-${count++}`;
      const [one, two] = [await make({}, asset), await make({}, asset)];
      const best = async () => {
        const { body } = await portal
          .as('maya')
          .get(`/assets/gates/${asset}/versions/best`);
        return body.label;
      };
      expect((await ask(one)).body.state).toBe('moved');
      expect(await best()).toBe('1');
      expect((await ask(two)).body.state).toBe('moved');
      expect(await best()).toBe('2');
      const taken = await make();
      await portal.push('maya', taken.replace(/\/versions.*/, ''), {
        text: 'taken',
        commit: { label: 'best' },
      });
      expect((await ask(taken)).status).toBe(409);
      expect(await stageOf(taken)).toBe('draft');
    });

    it('metadata: what is asked for from a stage on', async () => {
      await rules(QA);
      const [bare, full] = [await make(), await make({ license: 'MIT' })];
      const refused = await ask(bare, 'trial');
      expect(refused.body.request.gates).toEqual([
        expect.objectContaining({
          state: 'failed',
          message: expect.stringContaining('missing: license'),
        }),
      ]);
      expect((await ask(full, 'trial')).body.state).toBe('moved');
    });

    it('metadata: what is asked for from a stage on holds in all that it leads to', async () => {
      await rules(QA, '');
      const { status } = await portal
        .as('ada')
        .post('/asset-types')
        .send({
          document: `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: gated }
spec:
  stages: [{ name: draft, initial: true }, { name: live, requires: [license] }, { name: trial }, { name: gone }]
  transitions:
    - { from: [draft], to: live, role: contributor }
    - { from: [live], to: trial, role: contributor }
    - { from: [draft, trial], to: gone, role: contributor }
`,
        });
      expect(status).toBe(201);
      const [bare, full] = [await make(), await make({ license: 'MIT' })];
      expect((await ask(bare)).body.state).toBe('open');
      expect((await ask(full)).body.state).toBe('moved');
      const edit = (license: string | null) =>
        portal.as('maya').patch(full).send({ metadata: { license } });
      expect((await edit(null)).status).toBe(400);
      expect((await edit('ISC')).status).toBe(200);
      expect((await ask(full, 'trial')).body.state).toBe('moved');
      const refused = await edit(null);
      expect(refused.body.detail).toContain("'trial' asks for it");
      expect((await ask(full, 'gone')).body.state).toBe('moved');
      // There are ways to it that don't lead through `live`.
      expect((await edit(null)).status).toBe(200);
    });

    it('metadata: fields and a schema of its own', async () => {
      await rules(
        `        - { name: card, kind: metadata, required: [license], schema: { properties: { accuracy: { minimum: 0.9 } } } }`,
      );
      const url = await make({ accuracy: 0.5 });
      const { gates } = await open(url);
      expect(gates[0].message).toMatch(/license is missing; accuracy must be/);
      const good = await make({ accuracy: 0.95, license: 'MIT' });
      expect((await ask(good)).body.state).toBe('moved');
    });

    it('check: the last one of its name, of those whose word counts', async () => {
      await rules(
        `        - { name: acc, kind: check, check: accuracy, by: ['group:default/qa'] }`,
      );
      const url = await make();
      const request = await open(url);
      expect(request.gates[0].state).toBe('waiting');
      // Whoever is not of the group is heard and does not count.
      await check(url, 'maya', {});
      expect((await see(request)).gates[0].state).toBe('waiting');
      await portal.as('ada').post('/grants').send({
        principal: 'group:default/qa',
        role: 'contributor',
        scope: 'type:gated',
      });
      await check(url, 'quinn', { status: 'failed', summary: '0.71' });
      const failed = await see(request);
      expect(failed.gates[0]).toMatchObject({
        state: 'failed',
        message: "the check 'accuracy' failed: 0.71",
        evidence: { by: 'user:default/quinn' },
      });
      // When one passes, the version moves by itself.
      await check(url, 'quinn', { evidence: { accuracy: 0.99 } });
      expect(await stageOf(url)).toBe('live');
      const { body } = await portal.as('maya').get(`${url}/checks`);
      expect(body.items.map((each: { status: string }) => each.status)).toEqual(
        ['passed', 'failed', 'passed'],
      );
      expect(body.items[0].evidenceDigest).toMatch(/^sha256:/);
    });

    it('check: not older than it may be', async () => {
      await rules(
        `        - { name: acc, kind: check, check: accuracy, maxAge: 1h }`,
      );
      const url = await make();
      await check(url, 'maya', {});
      await knex('checks').update({ at: '2026-01-01T00:00:00.000Z' });
      const { gates } = await open(url);
      expect(gates[0]).toMatchObject({
        state: 'waiting',
        message: expect.stringContaining('may not be older than 1h'),
      });
    });

    it('wait: from when it was asked for', async () => {
      await rules(`        - { name: rest, kind: wait, for: 1h }`);
      const url = await make();
      const request = await open(url);
      expect(request.gates[0].message).toContain('have to pass');
      await knex('transition_requests')
        .where({ id: request.id })
        .update({ requested_at: '2026-01-01T00:00:00.000Z' });
      expect((await see(request)).gates[0].state).toBe('passed');
    });

    it('cel: true, false, and what can not be judged', async () => {
      const rule = (expression: string) =>
        rules(
          `        - { name: rule, kind: cel, expression: '${expression}', message: not accurate }`,
        );
      await rule('checks.accuracy.evidence.value >= 0.9');
      const url = await make();
      const request = await open(url);
      expect(request.gates[0]).toMatchObject({
        state: 'failed',
        message: expect.stringContaining('not accurate ('),
      });
      await check(url, 'maya', { evidence: { value: 0.5 } });
      expect(await stageOf(url)).toBe('draft');
      await check(url, 'maya', { evidence: { value: 0.95 } });
      expect(await stageOf(url)).toBe('live');

      await rule('size(asset.tags) + 1');
      const number = await open(await make());
      expect(number.gates[0]).toMatchObject({ state: 'failed' });
    });

    it('cel: is ended when it takes too long, and then does not pass', async () => {
      const list = `[${Array(40).fill(1).join(',')}]`;
      await rules(
        `        - { name: slow, kind: cel, expression: '${list}.all(a, metadata.many.all(b, a + b > 0))' }`,
      );
      const url = await make({ many: Array(9000).fill(1) });
      const begin = Date.now();
      const { gates } = await open(url);
      expect(gates[0]).toMatchObject({
        state: 'failed',
        message: expect.stringContaining('longer than 500 milliseconds'),
      });
      expect(Date.now() - begin).toBeLessThan(10_000);
      // The next one is judged by a new thread.
      await rules(
        `        - { name: quick, kind: cel, expression: 'version.size > 0.0' }`,
      );
      expect((await ask(await make())).body.state).toBe('moved');
    });

    it('warn and audit: are told and written down, and hold nothing', async () => {
      await rules(`        - { name: acc, kind: check, check: accuracy, mode: warn }
        - { name: aud, kind: cel, mode: audit, expression: 'false' }`);
      const { body } = await ask(await make());
      expect(body).toMatchObject({
        state: 'moved',
        move: {
          gates: [
            { name: 'acc', mode: 'warn', state: 'waiting' },
            { name: 'aud', mode: 'audit', state: 'failed' },
          ],
        },
      });
    });

    it('a waiver: is given by whom the rules name, with a reason, and stays', async () => {
      await rules(
        `        - { name: acc, kind: check, check: accuracy, waiver: approver }`,
      );
      const url = await make();
      const request = await open(url);
      const waive = (who: string, more: object) =>
        decide(who, request, { decision: 'waive', ...more });
      const gate = { gate: 'acc' };
      expect((await waive('anna', gate)).status).toBe(400);
      const comment = 'no data for this organism';
      expect((await waive('vera', { ...gate, comment })).status).toBe(403);
      expect((await waive('maya', { ...gate, comment })).status).toBe(403);
      expect((await waive('anna', { ...gate, comment })).body.state).toBe(
        'moved',
      );
      const { body } = await historyOf(url);
      expect(body.items[0]).toMatchObject({
        gates: [
          {
            name: 'acc',
            state: 'waived',
            message: `waived by user:default/anna: ${comment}`,
          },
        ],
        decisions: [{ decision: 'waive', by: 'user:default/anna', comment }],
      });
    });
  });

  describe('a request', () => {
    it('is decided by a no with a reason, and can be taken back', async () => {
      await rules(QA);
      const url = await make();
      const request = await open(url);
      const no = { decision: 'reject' };
      expect((await decide('quinn', request, no)).status).toBe(400);
      const comment = 'the holdout set is too small';
      expect((await decide('vera', request, { ...no, comment })).status).toBe(
        403,
      );
      const { body } = await decide('quinn', request, { ...no, comment });
      expect(body).toMatchObject({
        state: 'rejected',
        endedBy: 'user:default/quinn',
        decisions: [{ decision: 'reject', comment }],
      });
      expect(await stageOf(url)).toBe('draft');
      expect((await decide('quinn', request)).status).toBe(409);

      const again = await open(url);
      const remove = (who: string) =>
        portal.as(who).delete(`/transition-requests/${again.id}`).send();
      expect((await remove('vera')).status).toBe(403);
      expect((await remove('maya')).body.state).toBe('withdrawn');
    });

    it('stands alone: a second one is refused, and a move by another way ends it', async () => {
      await rules(QA);
      const url = await make({ license: 'MIT' });
      const request = await open(url);
      const second = await ask(url);
      expect(second.status).toBe(409);
      expect(second.body.detail).toContain('asked already');
      expect((await ask(url, 'trial')).body.state).toBe('moved');
      expect(await see(request)).toMatchObject({ state: 'overtaken' });
    });

    it('tells each what they may do, and lists what waits for them', async () => {
      await rules(QA);
      const request = await open(await make());
      expect((await see(request, 'quinn')).mine).toEqual({
        approve: [{ gate: 'qa', meaning: 'I reviewed it' }],
        waive: [],
        reject: true,
        withdraw: false,
      });
      expect((await see(request, 'maya')).mine).toMatchObject({
        approve: [],
        withdraw: true,
      });
      const mine = async (who: string) =>
        (await portal.as(who).get('/transition-requests')).body;
      const ids = (list: TransitionRequest[]) => list.map(({ id }) => id);
      expect(ids((await mine('quinn')).toDecide)).toContain(request.id);
      expect(ids((await mine('nora')).toDecide)).toContain(request.id);
      expect(ids((await mine('vera')).toDecide)).not.toContain(request.id);
      expect(ids((await mine('maya')).asked)).toContain(request.id);
    });

    it('moves by itself with the last approval, with all that it rests on', async () => {
      await rules(TWO);
      const url = await make();
      const request = await open(url);
      const first = await decide('anna', request, { comment: 'fine' });
      expect(first.body).toMatchObject({
        state: 'open',
        gates: [{ state: 'waiting', message: '1 of 2 approvals by approvers' }],
      });
      const last = await decide('bert', request);
      expect(last.body.state).toBe('moved');
      expect(await stageOf(url)).toBe('live');
      const { body } = await historyOf(url);
      expect(body.items[0]).toMatchObject({
        by: 'user:default/maya',
        gates: [
          {
            state: 'passed',
            message: 'approved by user:default/anna, user:default/bert',
          },
        ],
        decisions: [
          {
            by: 'user:default/anna',
            meaning: 'I approve this transition',
            payload: request.payload,
          },
          { by: 'user:default/bert' },
        ],
      });
    });

    it('keeps a stage for one version: of two at once one enters it', async () => {
      await rules(QA);
      const asset = `slot-${count++}`;
      const [one, two] = [await make({}, asset), await make({}, asset)];
      const requests = [await open(one), await open(two)];
      await Promise.all(requests.map(each => decide('quinn', each)));
      const states = [await see(requests[0]), await see(requests[1])];
      expect(states.map(({ state }) => state).sort()).toEqual([
        'moved',
        'open',
      ]);
      const waiting = states.find(({ state }) => state === 'open')!;
      expect(waiting.blocked).toContain("only one version may stand in 'live'");
    });

    it('is moved or rejected, and never both, when a yes and a no come at once', async () => {
      await rules(QA);
      for (let turn = 0; turn < 5; turn++) {
        const url = await make();
        const request = await open(url);
        const [, no] = await Promise.all([
          decide('quinn', request),
          decide('nora', request, { decision: 'reject', comment: 'no' }),
        ]);
        const { state } = await see(request);
        expect(['moved', 'rejected']).toContain(state);
        expect(await stageOf(url)).toBe(state === 'moved' ? 'live' : 'draft');
        // A no that came too late is told so.
        expect(state === 'moved' ? no.status : 409).toBe(409);
        const { body } = await portal
          .as('maya')
          .get(
            `${url.replace(/\/versions.*/, '')}/events?action=transition.ended`,
          );
        expect(body.items).toHaveLength(state === 'moved' ? 0 : 1);
      }
    });

    it('moves once, however many approvals come at the same moment', async () => {
      await rules(TWO);
      const url = await make();
      const request = await open(url);
      const answers = await Promise.all(
        ['anna', 'bert', 'tim', 'anna', 'bert'].map(who =>
          decide(who, request),
        ),
      );
      // A third person may come before the second one has moved it; nobody counts twice.
      const heard = answers.filter(({ status }) => status === 201);
      expect([2, 3]).toContain(heard.length);
      const { body } = await historyOf(url);
      expect(body.items).toHaveLength(1);
    });
  });
});
