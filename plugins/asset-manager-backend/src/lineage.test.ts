import { TestDatabases } from '@backstage/backend-test-utils';
import type {
  Lineage,
  Run,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const TYPE = (gates: string) => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: traced }
spec:
  stages: [{ name: draft, initial: true }, { name: fit }, { name: gone }]
  transitions:
    - { from: [draft], to: fit, role: contributor, gates: [${gates}] }
    - { from: [fit], to: gone, role: contributor }
`;
const FIT = `{ name: upstream, kind: inputs, stages: [fit] }`;
const FREE = `{ name: free, kind: cel, expression: 'true' }`;

describe.each(databases.eachSupportedId())('lineage on %p', databaseId => {
  let portal: TestPortal;
  let knex: Knex;
  let count = 0;

  beforeAll(async () => {
    knex = await databases.init(databaseId);
    portal = await TestPortal.start({
      knex,
      groups: [{ name: 'team' }, { name: 'others' }, { name: 'admins' }],
      people: { maya: ['team'], otto: ['others'], ada: ['admins'] },
      configuration: { administrators: ['group:default/admins'] },
    });
  });

  afterAll(() => portal?.stop());

  const rules = async (gates: string) => {
    const { status, body } = await portal
      .as('ada')
      .post('/asset-types')
      .send({ document: TYPE(gates) });
    expect(`${status} ${body.detail ?? ''}`).toMatch(/^20[01]/);
  };

  /** A version of a new asset, by its reference. */
  async function make(who = 'maya', visibility = 'internal', type = 'dataset') {
    const name = `it-${count++}`;
    await portal
      .as(who)
      .post('/assets')
      .send({ namespace: 'traced', name, type, visibility });
    const { status } = await portal.push(who, `/assets/traced/${name}`, {
      text: `${name} ${databaseId}`,
    });
    expect(status).toBe(201);
    return `traced/${name}@1`;
  }

  const urlOf = (ref: string) => `/assets/${ref.replace('@', '/versions/')}`;

  const record = (who: string, run: object) =>
    portal.as(who).post('/runs').send(run);

  async function ran(inputs: string[], outputs: string[], more: object = {}) {
    const { status, body } = await record('maya', {
      inputs: inputs.map(ref => ({ ref })),
      outputs: outputs.map(ref => ({ ref })),
      ...more,
    });
    expect(`${status} ${body.detail ?? ''}`).toBe('201 ');
    return body as Run;
  }

  const explore = async (ref: string, query = '', who = 'maya') =>
    (await portal.as(who).get(`${urlOf(ref)}/lineage${query}`)).body as Lineage;

  const around = ({ versions }: Lineage) =>
    Object.fromEntries(
      versions.map(({ namespace, name, label, distance }) => [
        `${namespace}/${name}@${label}`,
        distance,
      ]),
    );

  const stageOf = async (ref: string) =>
    (await portal.as('maya').get(urlOf(ref))).body.stage;

  const ask = (ref: string, to = 'fit') =>
    portal
      .as('maya')
      .post(`${urlOf(ref)}/transitions`)
      .send({ to });

  const gateOf = async (ref: string) =>
    (await portal.as('maya').get(`${urlOf(ref)}/stage`)).body.transitions[0]
      .gates[0];

  it('a run is told of, and shown with what it read and made', async () => {
    const [reads, model] = [await make(), await make()];
    const run = {
      job: 'basecaller/train',
      startedAt: '2026-11-26T10:00:00+01:00',
      endedAt: '2026-11-26T09:30:00Z',
      command: ['python', 'train.py', '--lr', '3e-4'],
      code: { repository: 'https://git.example.org/b', commit: '9f1c' },
      parameters: { lr: 0.0003 },
      metrics: { accuracy: 0.993 },
      inputs: [{ ref: reads, role: 'train', confidence: 'captured' }],
      outputs: [{ ref: model }],
    };
    const { status, body } = await record('maya', run);
    expect(status).toBe(201);
    const input = { namespace: 'traced', role: 'train', label: '1' };
    expect(body).toMatchObject({
      ...run,
      startedAt: '2026-11-26T09:00:00.000Z',
      endedAt: '2026-11-26T09:30:00.000Z',
      state: 'completed',
      recordedBy: 'user:default/maya',
      inputs: [{ ...input, confidence: 'captured' }],
      outputs: [{ label: '1', confidence: 'declared' }],
    });
    const shown = await portal.as('otto').get(`/runs/${body.id}`);
    expect(shown.body).toEqual(body);
  });

  it('a run is written down once, however often it is told of', async () => {
    const model = await make();
    const id = `run-${databaseId.replace(/\W|_/g, '-')}`;
    const first = await ran([], [model], { id });
    expect(await ran([], [model], { id })).toEqual(first);
    const other = { id, inputs: [], outputs: [{ ref: await make() }] };
    expect((await record('maya', other)).status).toBe(409);
    const same = { id, inputs: [], outputs: [{ ref: model }] };
    expect((await record('ada', same)).status).toBe(409);
    const { edges } = await explore(model);
    expect(edges).toHaveLength(1);
  });

  it.each([
    ['no version', 'NAME', 'names no version'],
    ['a file', 'NAME@1/a.txt', 'names a file'],
    ['what moves: latest', 'NAME@latest', 'may mean another version'],
    ['what moves: an alias', 'NAME@candidate', 'may mean another version'],
    ['what moves: a stage', 'NAME@created', 'may mean another version'],
    ['rubbish', 'NAME@@', 'is not valid'],
  ])('a run can not have read %s', async (_, ref, why) => {
    const [input, model] = [await make(), await make()];
    const name = input.slice(0, -2);
    await portal
      .as('maya')
      .put(`/assets/${name}/aliases/candidate`)
      .send({ version: '1' });
    const { status, body } = await record('maya', {
      inputs: [{ ref: ref.replace('NAME', name) }],
      outputs: [{ ref: model }],
    });
    expect([400, 404]).toContain(status);
    expect(body.detail).toMatch(new RegExp(`${why}|no version, alias`));
  });

  it('a run can not have read what it made, or ended before it started', async () => {
    const model = await make();
    const both = { inputs: [{ ref: model }], outputs: [{ ref: model }] };
    expect((await record('maya', both)).status).toBe(400);
    const times = {
      startedAt: '2026-11-26T10:00:00Z',
      endedAt: '2026-11-26T09:00:00Z',
    };
    const run = { ...times, inputs: [], outputs: [{ ref: model }] };
    expect((await record('maya', run)).status).toBe(400);
  });

  it('nobody says of another’s version what made it', async () => {
    const model = await make();
    const run = { inputs: [], outputs: [{ ref: model }] };
    expect((await record('otto', run)).status).toBe(403);
    const hidden = await make('maya', 'restricted');
    const secret = { inputs: [], outputs: [{ ref: hidden }] };
    const none = { inputs: [], outputs: [{ ref: 'traced/nothing@1' }] };
    const own = await make('otto');
    const read = { inputs: [{ ref: hidden }], outputs: [{ ref: own }] };
    for (const each of [secret, none, read])
      expect((await record('otto', each)).status).toBe(404);
  });

  it('secrets are left out, and said to be', async () => {
    const run = await ran([], [await make()], {
      command: ['train', '--api-key', 'hush-1', '--token=hush-2', 'tokens.txt'],
      code: { repository: 'https://me:hush-3@git.example.org/b' },
      environment: {
        HF_TOKEN: 'hush-4',
        PATH: '/bin',
        deep: { password: 'hush-5' },
      },
      parameters: { lr: 1, list: [{ secret: 'hush-6' }] },
    });
    expect(JSON.stringify(run)).not.toMatch(/hush-\d/);
    expect(run.command?.at(-1)).toBe('tokens.txt');
    expect(run.code?.repository).toBe('https://git.example.org/b');
    expect(run.environment).toMatchObject({ PATH: '/bin' });
    expect(run.dropped).toEqual([
      '--api-key',
      '--token',
      'the credentials of an address',
      'HF_TOKEN',
      'deep.password',
      'list.secret',
    ]);
  });

  it('the graph goes up and down, as deep as one asks', async () => {
    const [raw, reads, model, calls, aside] = [
      await make(),
      await make(),
      await make(),
      await make(),
      await make(),
    ];
    await ran([raw], [reads]);
    await ran([reads], [model]);
    await ran([model], [calls]);
    await ran([raw], [aside]);
    expect(around(await explore(model))).toEqual({
      [raw]: -2,
      [reads]: -1,
      [model]: 0,
      [calls]: 1,
    });
    expect(around(await explore(raw, '?direction=downstream'))).toEqual({
      [raw]: 0,
      [reads]: 1,
      [aside]: 1,
      [model]: 2,
      [calls]: 3,
    });
    const shallow = await explore(model, '?direction=upstream&depth=1');
    expect(around(shallow)).toEqual({ [model]: 0, [reads]: -1 });
    expect([shallow.truncated, (await explore(model)).truncated]).toEqual([
      true,
      false,
    ]);
    expect(shallow.edges).toHaveLength(2);
    expect(shallow.runs).toHaveLength(1);
  });

  it('the graph ends, though versions may be made of each other', async () => {
    const [one, other] = [await make(), await make()];
    await ran([one], [other]);
    await ran([other], [one]);
    const graph = await explore(one, '?depth=20');
    expect(graph.versions).toHaveLength(2);
    expect(graph.edges).toHaveLength(4);
    expect(graph.truncated).toBe(false);
  });

  it('the graph is cut where it is too wide, and says so', async () => {
    const [reads, model] = [await make(), await make()];
    const run = await ran([reads], [model]);
    const [row] = await knex('versions')
      .join('assets', 'assets.id', 'versions.asset_id')
      .where('assets.name', reads.slice('traced/'.length, -2))
      .select('versions.*');
    const { id: _, ...version } = row;
    const numbers = Array.from({ length: 600 }, (__, index) => index + 2);
    const copies = numbers.map(number => ({
      ...version,
      sequence: number,
      label: `${number}`,
      digest: `sha256:${`${number}`.padStart(64, '0')}`,
    }));
    await knex.batchInsert('versions', copies, 30);
    const ids = await knex('versions').where('asset_id', row.asset_id);
    const edges = ids.map(each => ({
      run_id: run.id,
      direction: 'input',
      version_id: each.id,
      confidence: 'declared',
    }));
    await knex.batchInsert('run_versions', edges, 100);
    const graph = await explore(model);
    expect([graph.versions.length, graph.truncated]).toEqual([500, true]);
  });

  it('what one may not see is not in it, nor what lies behind', async () => {
    const [raw, hidden, model] = [
      await make(),
      await make('maya', 'restricted'),
      await make(),
    ];
    await ran([raw], [hidden]);
    const run = await ran([hidden], [model]);
    const bytes = async () =>
      (await portal.as('otto').get(`${urlOf(raw)}/lineage`)).text;
    const before = await bytes();
    const down = await ran([raw], [await make('maya', 'restricted')]);
    expect(await bytes()).toBe(before);
    expect(around(await explore(model))).toMatchObject({ [raw]: -2 });
    const seen = await explore(model, '', 'otto');
    expect(around(seen)).toEqual({ [model]: 0 });
    expect(seen.runs.map(each => each.id)).toEqual([run.id]);
    expect(seen.truncated).toBe(false);
    const shown = await portal.as('otto').get(`/runs/${run.id}`);
    expect(shown.body.inputs).toEqual([]);
    expect(around(await explore(raw, '', 'otto'))).toEqual({ [raw]: 0 });
    const foreign = await portal.as('otto').get(`/runs/${down.id}`);
    const none = await portal.as('otto').get(`/runs/nothing-there`);
    expect([foreign.status, none.status]).toEqual([404, 404]);
    expect(foreign.body.detail.replace(down.id, 'nothing-there')).toBe(
      none.body.detail,
    );
    const events = await portal
      .as('otto')
      .get(`/assets/${model.slice(0, -2)}/events`);
    expect(JSON.stringify(events.body)).not.toContain(hidden.slice(0, -2));
  });

  it('a deleted version stays in it, and says so', async () => {
    const [reads, model] = [await make(), await make()];
    await ran([reads], [model]);
    await portal
      .as('maya')
      .put(`${urlOf(reads)}/deletion`)
      .send({});
    const deleted = async (ref: string, who = 'maya') =>
      (await explore(ref, '', who)).versions
        .map(each => [each.name, each.deleted])
        .sort();
    const [from, to] = [reads, model].map(ref => ref.slice(7, -2));
    const marked = [
      [from, true],
      [to, false],
    ];
    expect(await deleted(model)).toEqual(marked);
    // So it is when all of the asset was deleted, which is for whoever saw it.
    await portal.as('maya').delete(`${urlOf(reads)}/deletion`);
    expect(
      (await portal.as('maya').put(`/assets/traced/${from}/deletion`).send({}))
        .status,
    ).toBe(200);
    expect(await deleted(model)).toEqual(marked);
    expect(await deleted(model, 'otto')).toEqual(marked);
    const hidden = await make('maya', 'restricted');
    await ran([hidden], [model]);
    await portal
      .as('maya')
      .put(`/assets/traced/${hidden.slice(7, -2)}/deletion`)
      .send({});
    expect(await deleted(model)).toHaveLength(3);
    expect(await deleted(model, 'otto')).toEqual(marked);
  });

  it('a run is for nobody but a person of the catalog', async () => {
    const model = await make();
    await portal.as('maya').post('/service-accounts').send({ name: 'runner' });
    const { body: token } = await portal
      .as('maya')
      .post('/service-accounts/runner/tokens')
      .send({});
    await portal
      .as('maya')
      .post('/grants')
      .send({
        principal: 'service:default/runner',
        role: 'contributor',
        scope: `asset:${model.slice(0, -2)}`,
      });
    const actor = `external:asset-manager:runner/${token.id}`;
    const statuses: number[] = [];
    for (const onBehalfOf of [
      ...['user:default/ghost', 'garbage', 'group:default/team', 'otto'],
    ])
      statuses.push(
        (
          await record(actor, {
            onBehalfOf,
            inputs: [],
            outputs: [{ ref: model }],
          })
        ).status,
      );
    expect(statuses).toEqual([400, 400, 400, 201]);
  });

  it('a run goes only so deep', async () => {
    const model = await make();
    const parameters = JSON.parse(
      `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`,
    );
    const run = { parameters, inputs: [], outputs: [{ ref: model }] };
    expect((await record('maya', run)).status).toBe(400);
  });

  it('the audit trail says that a run was recorded, with its digest', async () => {
    const model = await make();
    const run = await ran([], [model]);
    const { body } = await portal
      .as('maya')
      .get(`/assets/${model.slice(0, -2)}/events`);
    const events = body.items.map((each: { event: object }) => each.event);
    expect(events).toContainEqual(
      expect.objectContaining({
        action: 'run.recorded',
        new: expect.objectContaining({
          run: run.id,
          digest: expect.stringMatching(/^sha256:/),
        }),
      }),
    );
  });

  describe('as a gate', () => {
    it('nothing recorded is not a pass, and a run without inputs neither', async () => {
      await rules(FIT);
      const model = await make('maya', 'internal', 'traced');
      expect(await gateOf(model)).toMatchObject({
        state: 'waiting',
        message: 'no inputs are recorded',
      });
      await ran([], [model]);
      expect((await ask(model)).body.state).toBe('open');
      expect(await stageOf(model)).toBe('draft');
    });

    it('inputs have to stand where the rule says, and move it when they come there', async () => {
      await rules(`{ name: upstream, kind: inputs, stages: [published] }`);
      const reads = await make();
      const model = await make('maya', 'internal', 'traced');
      await ran([reads], [model]);
      const asked = (await ask(model)).body.request as TransitionRequest;
      expect(asked.gates[0]).toMatchObject({
        state: 'waiting',
        message: expect.stringContaining('not all of its inputs'),
      });
      expect((await ask(reads, 'published')).body.state).toBe('moved');
      expect(await stageOf(model)).toBe('fit');
    });

    it('a retracted, deleted or moved on input does not count', async () => {
      await rules(FREE);
      const reads = await make('maya', 'internal', 'traced');
      const model = await make('maya', 'internal', 'traced');
      await ran([reads], [model]);
      await ask(reads);
      await rules(FIT);
      const states = [(await gateOf(model)).state];
      await portal
        .as('maya')
        .put(`${urlOf(reads)}/retraction`)
        .send({ reason: 'contaminated' });
      states.push((await gateOf(model)).state);
      await portal.as('maya').delete(`${urlOf(reads)}/retraction`);
      states.push((await gateOf(model)).state);
      await ask(reads, 'gone');
      states.push((await gateOf(model)).state);
      expect(states).toEqual(['passed', 'waiting', 'passed', 'waiting']);
    });

    it('one more run can’t hide an input that is not fit', async () => {
      await rules(FREE);
      const [bad, good] = [
        await make('maya', 'internal', 'traced'),
        await make('maya', 'internal', 'traced'),
      ];
      const model = await make('maya', 'internal', 'traced');
      await ran([bad], [model]);
      await ask(good);
      await rules(FIT);
      await ran([good], [model]);
      expect(await gateOf(model)).toMatchObject({ state: 'waiting' });
    });

    it('asks for roles, for a number, and for whose word counts', async () => {
      await rules(FREE);
      const reads = await make('maya', 'internal', 'traced');
      const model = await make('maya', 'internal', 'traced');
      await ask(reads);
      await record('maya', {
        inputs: [{ ref: reads, role: 'train' }],
        outputs: [{ ref: model }],
      });
      const judged = async (more: string) => {
        await rules(`{ name: u, kind: inputs, stages: [fit], ${more} }`);
        return (await gateOf(model)).state;
      };
      expect(await judged('roles: [train]')).toBe('passed');
      expect(await judged('roles: [reference]')).toBe('waiting');
      expect(await judged('atLeast: 2')).toBe('waiting');
      expect(await judged(`by: ['group:default/team']`)).toBe('passed');
      expect(await judged(`by: ['group:default/others']`)).toBe('waiting');
    });

    it('says nothing of an input that its reader may not see', async () => {
      await rules(FREE);
      const hidden = await make('maya', 'restricted', 'traced');
      const model = await make('maya', 'internal', 'traced');
      await ran([hidden], [model]);
      await rules(FIT);
      const stage = await portal.as('otto').get(`${urlOf(model)}/stage`);
      expect(JSON.stringify(stage.body)).not.toContain(
        hidden.slice('traced/'.length, -2),
      );
    });

    it('expressions read inputs', async () => {
      await rules(
        `{ name: e, kind: cel, expression: 'inputs.size() > 0 && inputs.all(i, i.stage == "draft" && i.type == "traced")' }`,
      );
      const reads = await make('maya', 'internal', 'traced');
      const model = await make('maya', 'internal', 'traced');
      expect(await gateOf(model)).toMatchObject({ state: 'failed' });
      await ran([reads], [model]);
      expect(await gateOf(model)).toMatchObject({ state: 'passed' });
    });
  });
});
