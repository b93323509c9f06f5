import { TestDatabases } from '@backstage/backend-test-utils';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const document = (name: string, more = '') => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: ${name} }
spec:
  stages:
    - { name: draft, initial: true }
    - { name: trial }
    - { name: live }
    - { name: gone, final: true }
  transitions:
    - { from: [draft], to: trial, role: contributor }
    - { from: [trial], to: draft, role: contributor }
    - { from: [trial], to: live, role: approver }
    - { from: [draft, live], to: gone, reason: required }
${more}`;
const STAGES = ['draft', 'trial', 'live', 'gone'];
const WAYS = [
  'draft trial',
  'trial draft',
  'trial live',
  'draft gone',
  'live gone',
];

describe.each(databases.eachSupportedId())(
  'the life cycle on %p',
  databaseId => {
    let portal: TestPortal;
    let knex: Knex;
    let count = 0;

    beforeAll(async () => {
      knex = await databases.init(databaseId);
      portal = await TestPortal.start({
        knex,
        groups: [{ name: 'team' }, { name: 'admins' }],
        people: {
          maya: ['team'],
          otto: [],
          quinn: [],
          ada: ['admins'],
        },
        configuration: { administrators: ['group:default/admins'] },
      });
      await portal
        .as('ada')
        .post('/asset-types')
        .send({ document: document('life') });
      const grant = (principal: string, role: string) =>
        portal
          .as('ada')
          .post('/grants')
          .send({
            principal: `user:default/${principal}`,
            role,
            scope: 'type:life',
          });
      await grant('otto', 'contributor');
      await grant('quinn', 'approver');
      await grant('ada', 'approver');
    });

    afterAll(() => portal?.stop());

    /** An asset with some versions. */
    async function makeAsset(versions = 1, type = 'life') {
      const name = `it-${count++}`;
      const url = `/assets/life/${name}`;
      await portal
        .as('maya')
        .post('/assets')
        .send({ namespace: 'life', name, type });
      for (let version = 0; version < versions; version++) {
        const text = `${name} ${version}`;
        const { status } = await portal.push('maya', url, { text });
        expect(status).toBe(201);
      }
      return url;
    }

    const move = (url: string, to: string, who = 'ada', more: object = {}) =>
      portal
        .as(who)
        .post(`${url}/transitions`)
        .send({ to, reason: 'because', ...more });

    /** Brings a version to a stage by ways that there are. */
    async function bring(url: string, stage: string) {
      const path: Record<string, string[]> = {
        draft: [],
        trial: ['trial'],
        live: ['trial', 'live'],
        gone: ['gone'],
      };
      for (const to of path[stage])
        expect((await move(url, to)).status).toBe(201);
    }

    const stageOf = async (url: string) =>
      (await portal.as('maya').get(url)).body.stage;

    it.each(STAGES.flatMap(from => STAGES.map(to => [from, to])))(
      'leads from %s to %s only where the type says so',
      async (from, to) => {
        const version = `${await makeAsset()}/versions/1`;
        await bring(version, from);
        const { status, body } = await move(version, to);
        const isWay = WAYS.includes(`${from} ${to}`);
        expect(status).toBe(isWay ? 201 : 409);
        expect(await stageOf(version)).toBe(isWay ? to : from);
        expect(body.detail ?? '').toContain(
          isWay ? '' : `stands in '${from}', from where nothing`,
        );
      },
    );

    it('begins where the type says, and tells where a version could go', async () => {
      const version = `${await makeAsset()}/versions/1`;
      const stage = await portal.as('otto').get(`${version}/stage`);
      expect(stage.body).toEqual({
        stage: 'draft',
        since: expect.any(String),
        transitions: [
          {
            to: 'trial',
            role: 'contributor',
            reason: 'optional',
            allowed: true,
            gates: [],
          },
          {
            to: 'gone',
            role: 'maintainer',
            reason: 'required',
            allowed: false,
            gates: [],
          },
        ],
        drift: [],
      });
    });

    it('takes the role that the type asks for, of each way', async () => {
      const version = `${await makeAsset()}/versions/1`;
      const told = async (who: string, to: string) =>
        (await move(version, to, who)).status;
      expect(await told('quinn', 'trial')).toBe(403);
      expect(await told('otto', 'gone')).toBe(403);
      expect(await told('otto', 'trial')).toBe(201);
      // The owner is a maintainer, and no approver.
      const owner = await move(version, 'live', 'maya');
      expect(owner.status).toBe(403);
      expect(owner.body.detail).toContain('takes the role approver');
      expect(await told('otto', 'live')).toBe(403);
      expect(await told('quinn', 'live')).toBe(201);
      expect(await told('maya', 'gone')).toBe(201);
    });

    it('asks for a reason where the type does', async () => {
      const version = `${await makeAsset()}/versions/1`;
      for (const reason of [undefined, '', '  ']) {
        const refused = await move(version, 'gone', 'maya', { reason });
        expect([reason, refused.status]).toEqual([reason, 400]);
        expect(refused.body.errors[0].field).toBe('reason');
      }
      const made = await move(version, 'gone', 'maya', {
        reason: ' it leaks ',
      });
      expect(made.body).toMatchObject({
        state: 'moved',
        move: { from: 'draft', to: 'gone', reason: 'it leaks' },
      });
    });

    it('keeps who moved what, when, why and by which rules', async () => {
      const asset = await makeAsset(2);
      await move(`${asset}/versions/1`, 'trial', 'otto', { reason: undefined });
      await move(`${asset}/versions/2`, 'gone', 'maya');
      await move(`${asset}/versions/1`, 'live', 'quinn');
      const history = await portal.as('otto').get(`${asset}/transitions`);
      expect(
        history.body.items.map(
          (each: Record<string, unknown>) =>
            `${each.label} ${each.from} ${each.to} ${each.by} ${each.type}@${each.typeRevision}`,
        ),
      ).toEqual([
        '1 trial live user:default/quinn life@1',
        '2 draft gone user:default/maya life@1',
        '1 draft trial user:default/otto life@1',
      ]);
      const own = await portal.as('otto').get(`${asset}/transitions?version=2`);
      expect(own.body.items).toHaveLength(1);
      expect(own.body.items[0]).toMatchObject({ reason: 'because' });
    });

    it('finds the version that entered a stage last', async () => {
      const asset = await makeAsset(3);
      const at = async (stage: string) =>
        (await portal.as('maya').get(`${asset}/versions/${stage}`)).body.label;
      expect(await at('draft')).toBe('3');
      expect(await at('live')).toBeUndefined();
      await bring(`${asset}/versions/2`, 'live');
      await bring(`${asset}/versions/1`, 'live');
      expect(await at('live')).toBe('1');
      await move(`${asset}/versions/1`, 'gone');
      expect(await at('live')).toBe('2');
      await move(`${asset}/versions/3`, 'trial');
      expect(await at('draft')).toBeUndefined();
      await move(`${asset}/versions/3`, 'draft');
      expect(await at('draft')).toBe('3');
      // What is deleted stands nowhere.
      const deleted = await portal
        .as('maya')
        .put(`${asset}/versions/2/deletion`)
        .send({});
      expect(deleted.status).toBe(200);
      expect(await at('live')).toBeUndefined();
      const refused = await move(`${asset}/versions/2`, 'gone');
      expect(refused.status).toBe(409);
    });

    it('moves once, however many ask at the same moment', async () => {
      const version = `${await makeAsset()}/versions/1`;
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => move(version, 'trial')),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
      const history = await portal
        .as('maya')
        .get(`${version.replace('/versions/1', '')}/transitions`);
      expect(history.body.items).toHaveLength(1);
    });

    it('moves nothing that was seen elsewhere', async () => {
      const version = `${await makeAsset()}/versions/1`;
      const late = await move(version, 'gone', 'maya', { expected: 'live' });
      expect([late.status, late.body.errors[0].field]).toEqual([
        409,
        'expected',
      ]);
      const right = await move(version, 'gone', 'maya', { expected: 'draft' });
      expect(right.status).toBe(201);
    });

    it('lets no stage go that a version stands in', async () => {
      const name = `used-${count++}`;
      const apply = (text: string) =>
        portal.as('ada').post('/asset-types').send({ document: text });
      await apply(document(name));
      const asset = await makeAsset(1, name);
      await portal
        .as('ada')
        .post('/grants')
        .send({
          principal: 'user:default/ada',
          role: 'approver',
          scope: `type:${name}`,
        });
      await bring(`${asset}/versions/1`, 'live');
      const renamed = await apply(document(name).replaceAll('live', 'alive'));
      expect(renamed.status).toBe(409);
      expect(renamed.body.detail).toContain(
        "the stage 'live' can't go: 1 version stands in it",
      );
      await move(`${asset}/versions/1`, 'gone');
      const again = await apply(document(name).replaceAll('live', 'alive'));
      expect(again.status).toBe(201);
      expect(await stageOf(`${asset}/versions/1`)).toBe('gone');
    });

    it('says what stages, aliases and latest meant at a time', async () => {
      const asset = await makeAsset(2);
      const tick = () =>
        new Promise(resolve => {
          setTimeout(resolve, 15);
        });
      const times: string[] = [];
      const mark = async () => {
        await tick();
        times.push(new Date().toISOString());
        await tick();
      };
      const alias = (label: string) =>
        portal.as('maya').put(`${asset}/aliases/best`).send({ version: label });
      await alias('1');
      await mark();
      await bring(`${asset}/versions/1`, 'live');
      await alias('2');
      await mark();
      await bring(`${asset}/versions/2`, 'live');
      await move(`${asset}/versions/1`, 'gone');
      await portal.as('maya').delete(`${asset}/aliases/best`);
      await mark();
      await portal.as('maya').put(`${asset}/versions/2/deletion`).send({});

      const at = async (selector: string, time: string) => {
        const { status, body } = await portal
          .as('maya')
          .get(`${asset}/versions/${selector}?asOf=${time}`);
        return status === 200
          ? `${body.label} ${body.stage} ${body.aliases}`
          : status;
      };
      const seen = (selector: string) =>
        Promise.all(times.map(time => at(selector, time)));
      expect(await seen('best')).toEqual(['1 draft best', '2 draft best', 404]);
      expect(await seen('live')).toEqual([404, '1 live ', '2 live ']);
      expect(await seen('draft')).toEqual(['2 draft ', '2 draft best', 404]);
      expect(await seen('gone')).toEqual([404, 404, '1 gone ']);
      expect(await seen('latest')).toEqual([
        '2 draft ',
        '2 draft best',
        '2 live ',
      ]);
      expect(await seen('1')).toEqual(['1 draft best', '1 live ', '1 gone ']);
      for (const selector of ['latest', '1', 'draft', 'best'])
        expect([selector, await at(selector, '2020-01-01')]).toEqual([
          selector,
          404,
        ]);
      expect(await at('latest', new Date().toISOString())).toBe('1 gone ');
      expect(await at('latest', 'yesterday')).toBe(400);
      const listed = async (time: string) => {
        const { status, body } = await portal
          .as('maya')
          .get(`/assets?namespace=life&asOf=${time}`);
        const item = body.items?.find(({ name }: { name: string }) =>
          asset.endsWith(`/${name}`),
        );
        return [
          status,
          item?.latest?.label,
          item?.versionCount,
          item?.aliases.map((each: { label: string }) => each.label),
        ];
      };
      expect(await Promise.all([times[0], times[2]].map(listed))).toEqual([
        [200, '2', 2, ['1']],
        [200, '2', 2, []],
      ]);
      expect(await listed('2020-01-01')).toEqual([200]);
      expect(await listed('yesterday')).toEqual([400]);
      expect(await listed(new Date().toISOString())).toEqual([200, '1', 1, []]);
      const stranger = await portal
        .as('otto')
        .get(`/assets/life/none/versions/latest?asOf=${times[0]}`);
      expect(stranger.status).toBe(404);
    });

    it('is told in the change feed', async () => {
      const asset = await makeAsset();
      await move(`${asset}/versions/1`, 'trial');
      const { body } = await portal
        .as('maya')
        .get('/changes?after=0&limit=1000');
      expect(body.items.at(-1)).toMatchObject({
        kind: 'version.moved',
        name: asset.split('/').at(-1),
        subject: '1',
      });
    });
  },
);
