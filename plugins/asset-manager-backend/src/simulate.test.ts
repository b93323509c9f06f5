import { TestDatabases } from '@backstage/backend-test-utils';
import type { SimulatedRules } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const TYPE = (
  gates: string,
  { live = 'live', rows = '' } = {},
) => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: tried }
spec:
  metadata:
    type: object
    properties: { rows: { type: integer${rows} } }
  stages: [{ name: draft, initial: true }, { name: ${live} }, { name: gone }]
  transitions:
    - { from: [draft], to: ${live}, gates: [${gates}] }
    - { from: [${live}], to: gone, gates: [{ name: qa, kind: approvals }] }
`;
const ACCURACY =
  '{ name: accuracy, kind: cel, expression: "metadata.accuracy >= 0.9" }';

describe.each(databases.eachSupportedId())(
  'other rules, tried out, on %p',
  databaseId => {
    let portal: TestPortal;
    let knex: Knex;

    const apply = (document: string, more: object = {}) =>
      portal
        .as('ada')
        .post('/asset-types')
        .send({ document, ...more });
    const move = (label: string, to: string) =>
      portal
        .as('maya')
        .post(`/assets/tried/it/versions/${label}/transitions`)
        .send({ to });
    beforeAll(async () => {
      knex = await databases.init(databaseId);
      portal = await TestPortal.start({
        knex,
        groups: [{ name: 'team' }, { name: 'admins' }],
        people: { maya: ['team'], ada: ['admins'] },
        configuration: { administrators: ['group:default/admins'] },
      });
      await apply(TYPE(''));
      await portal
        .as('maya')
        .post('/assets')
        .send({ namespace: 'tried', name: 'it', type: 'tried' });
      for (const [label, accuracy] of [
        ['1', 0.5],
        ['2', 0.95],
        ['3', 0.6],
        ['4', 0.1],
      ] as const) {
        await portal.push('maya', '/assets/tried/it', {
          text: label,
          begin: { metadata: { accuracy, rows: 3 } },
          commit: { metadata: { accuracy, rows: 3 } },
        });
        if (label !== '4') await move(label, 'live');
      }
      await move('3', 'gone');
    });

    afterAll(() => portal?.stop());

    const stageOf = async (label: string) =>
      (await portal.as('maya').get(`/assets/tried/it/versions/${label}/stage`))
        .body;

    async function simulate(document: string): Promise<SimulatedRules> {
      const { text } = await portal
        .as('ada')
        .post('/asset-types/simulate')
        .send({ document })
        .buffer(true)
        .parse((res, done) => {
          let whole = '';
          res.on('data', (chunk: Buffer) => {
            whole += chunk;
          });
          res.on('end', () => done(null, whole));
        })
        .then(({ body }) => ({ text: body as string }));
      const lines = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line));
      expect(lines[0]).toMatchObject({ kind: 'progress', done: 4, total: 4 });
      return lines.at(-1).report;
    }

    it('say nothing where nothing would change but the requests', async () => {
      expect(await simulate(TYPE(''))).toEqual({
        versions: 4,
        stages: [],
        requests: 1,
        failures: [],
      });
    });

    it('say which versions would fail a gate, and that no approval is asked for again', async () => {
      const { failures } = await simulate(
        TYPE(`${ACCURACY}, { name: qa, kind: approvals }`),
      );
      // The fourth never went that way.
      expect(failures).toEqual([
        {
          what: 'gate accuracy of draft → live',
          versions: 2,
          examples: ['tried/it@1', 'tried/it@3'],
          message: expect.stringContaining('is false'),
        },
      ]);
    });

    it('say what the schema would refuse, and which stages would be gone', async () => {
      const found = await simulate(
        TYPE('', { live: 'released', rows: ', minimum: 10' }),
      );
      expect(found.stages).toEqual([{ stage: 'live', versions: 3 }]);
      expect(found.failures).toEqual([
        expect.objectContaining({
          what: 'the schema of the metadata',
          versions: 1,
          message: 'rows must be >= 10',
        }),
      ]);
    });

    it('are for admins of the type, and have to be right', async () => {
      const ask = (who: string, document: string) =>
        portal.as(who).post('/asset-types/simulate').send({ document });
      expect((await ask('maya', TYPE(''))).status).toBe(403);
      expect((await ask('ada', 'nothing')).status).toBe(400);
      const before = await portal.as('ada').get('/asset-types/tried');
      await simulate(TYPE(ACCURACY));
      const after = await portal.as('ada').get('/asset-types/tried');
      expect(after.body.revision).toBe(before.body.revision);
    });

    it('once applied, leave versions where they stand, and show the drift', async () => {
      expect((await stageOf('1')).drift).toEqual([]);
      await apply(TYPE(ACCURACY));
      expect(await stageOf('1')).toMatchObject({
        stage: 'live',
        drift: [{ name: 'accuracy', state: 'failed' }],
      });
      expect((await stageOf('2')).drift).toEqual([]);
      expect((await stageOf('4')).drift).toEqual([]);
    });

    it('take a stage in use away only where they say where its versions go', async () => {
      const renamed = TYPE('', { live: 'released' });
      const refused = await apply(renamed);
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain("the stage 'live' can't go: 3");
      expect(
        (await apply(renamed, { stages: { live: 'nowhere' } })).status,
      ).toBe(400);
      expect(
        (await apply(renamed, { stages: { live: 'released' } })).status,
      ).toBe(201);
      expect((await stageOf('2')).stage).toBe('released');
      const { body } = await portal
        .as('maya')
        .get('/assets/tried/it/transitions?version=2');
      expect(body.items[0]).toMatchObject({
        from: 'live',
        to: 'released',
        by: 'user:default/ada',
        reason: expect.stringMatching(/call 'live' 'released' since revision/),
      });
      // Said twice, for whoever was interrupted, it moves nothing more.
      const again = await apply(renamed, { stages: { live: 'released' } });
      expect(again.body.state).toBe('unchanged');
      const open = await portal
        .as('maya')
        .get('/assets/tried/it/transition-requests');
      expect(open.body.items[0].state).toBe('overtaken');
      expect(
        (await portal.as('maya').get('/assets/tried/it/versions/released')).body
          .label,
      ).toBe('3');
    });
  },
);
