import { TestDatabases } from '@backstage/backend-test-utils';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const TYPE = (name: string, more = '') => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: ${name} }
spec:
  metadata:
    type: object
    properties: { rows: { type: integer } }
  stages:
    - { name: draft, initial: true }
    - { name: live, frozen: true, banner: Ask before you use it }
    - { name: shelved, downloads: maintainer }
    - { name: gone, final: true }
  transitions:
    - { from: [draft], to: live, role: contributor }
    - { from: [draft], to: shelved, role: contributor }
    - { from: [draft, live], to: gone, role: contributor }
${more}`;

describe.each(databases.eachSupportedId())(
  'what is said of versions on %p',
  databaseId => {
    let portal: TestPortal;
    let knex: Knex;
    let count = 0;

    beforeAll(async () => {
      knex = await databases.init(databaseId);
      portal = await TestPortal.start({
        knex,
        groups: [{ name: 'team' }, { name: 'admins' }],
        people: { maya: ['team'], otto: [], carla: [], ada: ['admins'] },
        configuration: {
          administrators: ['group:default/admins'],
          operators: ['user:default/ada'],
        },
      });
      for (const document of [
        TYPE('plain'),
        TYPE('strict', '  retracted: refuse\n'),
        TYPE('kept', '  retention: { keep: 52w }\n'),
      ])
        await portal.as('ada').post('/asset-types').send({ document });
      await portal.as('ada').post('/grants').send({
        principal: 'user:default/carla',
        role: 'contributor',
        scope: 'everything',
      });
    });

    afterAll(() => portal?.stop());

    async function makeAsset(versions = 1, type = 'plain') {
      const name = `it-${count++}`;
      const url = `/assets/marks/${name}`;
      await portal
        .as('maya')
        .post('/assets')
        .send({ namespace: 'marks', name, type });
      for (let index = 0; index < versions; index++)
        await portal.push('maya', url, { text: `${name} ${index}` });
      return url;
    }

    const retract = (version: string, reason = 'two samples were swapped') =>
      portal.as('maya').put(`${version}/retraction`).send({ reason });
    const hold = (url: string, body: object, who = 'ada') =>
      portal.as(who).post(`${url}/holds`).send(body);
    const remove = (url: string) =>
      portal.as('maya').put(`${url}/deletion`).send({});
    const read = (version: string, who = 'otto') =>
      portal.as(who).get(`${version}/files/a.txt`);
    const eventsOf = async (url: string) =>
      (await portal.as('maya').get(`${url}/events`)).body.items.map(
        ({ event }: { event: { action: string } }) => event.action,
      );

    describe('metadata', () => {
      it('can be changed by contributors, field by field, as the type says', async () => {
        const url = await makeAsset();
        const version = `${url}/versions/1`;
        const patch = (metadata: object, who = 'carla') =>
          portal.as(who).patch(version).send({ metadata });
        expect((await patch({ rows: 3 }, 'otto')).status).toBe(403);
        expect((await patch({ rows: 'many' })).status).toBe(400);
        await patch({ rows: 3, license: 'MIT' });
        expect((await patch({ license: null })).body.metadata).toEqual({
          rows: 3,
        });
        const [updated] = (
          await portal.as('otto').get(`${url}/events?action=version.updated`)
        ).body.items;
        expect(updated.event).toMatchObject({
          actor: 'user:default/carla',
          old: { metadata: { rows: 3, license: 'MIT' } },
          new: { metadata: { rows: 3 } },
        });
      });

      it('is frozen where the stage says so', async () => {
        const version = `${await makeAsset()}/versions/1`;
        await portal
          .as('maya')
          .post(`${version}/transitions`)
          .send({ to: 'live' });
        const { status, body } = await portal
          .as('maya')
          .patch(version)
          .send({ metadata: { rows: 1 } });
        expect(status).toBe(409);
        expect(body.detail).toContain('where metadata is frozen');
        expect((await portal.as('otto').get(version)).body.banner).toBe(
          'Ask before you use it',
        );
      });
    });

    describe('a retraction', () => {
      it('marks a version, with who and why, and latest passes over it', async () => {
        const url = await makeAsset(2);
        const version = `${url}/versions/2`;
        await portal
          .as('maya')
          .put(`${url}/aliases/good`)
          .send({ version: '2' });
        const before = new Date().toISOString();
        expect(
          (
            await portal
              .as('carla')
              .put(`${version}/retraction`)
              .send({ reason: 'x' })
          ).status,
        ).toBe(403);
        expect(
          (await portal.as('maya').put(`${version}/retraction`).send({}))
            .status,
        ).toBe(400);
        await new Promise(resolve => {
          setTimeout(resolve, 5);
        });
        expect((await retract(version)).body).toMatchObject({
          latest: false,
          retraction: {
            by: 'user:default/maya',
            reason: 'two samples were swapped',
          },
        });
        expect((await retract(version)).status).toBe(409);
        const get = async (selector: string) =>
          (await portal.as('otto').get(`${url}/versions/${selector}`)).body;
        expect((await get('latest')).label).toBe('1');
        expect((await get('good')).retraction.reason).toContain('swapped');
        expect((await get(`latest?asOf=${before}`)).label).toBe('2');
        const list = await portal.as('otto').get('/assets?namespace=marks');
        expect(
          list.body.items.find((item: { name: string }) =>
            url.endsWith(`/${item.name}`),
          ).latest.label,
        ).toBe('1');
        const during = new Date().toISOString();
        await new Promise(resolve => {
          setTimeout(resolve, 5);
        });
        // Its type lets it be read.
        expect((await read(version)).status).toBe(200);
        expect(
          (await portal.as('maya').delete(`${version}/retraction`).send()).body,
        ).toMatchObject({ latest: true });
        // That it was retracted then stays known.
        expect((await get(`latest?asOf=${during}`)).label).toBe('1');
        expect((await get(`2?asOf=${during}`)).retraction.reason).toContain(
          'swapped',
        );
        expect((await get(`2?asOf=${before}`)).retraction).toBeUndefined();
        expect((await get('latest')).label).toBe('2');
        expect(await eventsOf(url)).toEqual(
          expect.arrayContaining(['version.retracted', 'version.reinstated']),
        );
      });

      it('keeps everybody from its files where the type says so', async () => {
        const version = `${await makeAsset(1, 'strict')}/versions/1`;
        expect((await read(version)).status).toBe(200);
        await retract(version);
        for (const who of ['otto', 'maya']) {
          const { status, body } = await read(version, who);
          expect(status).toBe(403);
          expect(body.detail).toContain('two samples were swapped');
        }
      });

      it('of all versions leaves no latest one', async () => {
        const url = await makeAsset();
        await retract(`${url}/versions/1`);
        const { status, body } = await portal
          .as('otto')
          .get(`${url}/versions/latest`);
        expect(status).toBe(404);
        expect(body.detail).toContain('neither deleted nor retracted');
      });
    });

    it('a stage says who may download what stands in it', async () => {
      const version = `${await makeAsset()}/versions/1`;
      expect((await read(version)).status).toBe(200);
      await portal
        .as('maya')
        .post(`${version}/transitions`)
        .send({ to: 'shelved' });
      const { status, body } = await read(version);
      expect(status).toBe(403);
      expect(body.detail).toContain("stands in 'shelved'");
      expect((await read(version, 'maya')).status).toBe(200);
      // Nor is there another way to the bytes.
      const { body: pages } = await portal
        .as('otto')
        .get(`${version}/manifest/pages/0/packs`);
      expect(pages.packs).toEqual([]);
    });

    describe('a hold', () => {
      it('is placed and ended by admins alone, with a reason', async () => {
        const url = await makeAsset();
        const reason = 'complaint 17';
        expect((await hold(url, { reason }, 'maya')).status).toBe(403);
        expect((await hold(url, {})).status).toBe(400);
        const { body } = await hold(url, { version: '1', reason });
        expect(body).toMatchObject({ label: '1', reason });
        const { body: listed } = await portal.as('otto').get(`${url}/holds`);
        expect(listed.items).toEqual([body]);
        const end = (who: string, query = '?reason=settled') =>
          portal.as(who).delete(`${url}/holds/${body.id}${query}`).send();
        expect((await end('maya')).status).toBe(403);
        expect((await end('ada', '')).status).toBe(400);
        expect((await end('ada')).status).toBe(204);
        expect((await end('ada')).status).toBe(404);
        expect(await eventsOf(url)).toEqual(
          expect.arrayContaining(['hold.placed', 'hold.ended']),
        );
      });

      it('keeps a version, and the asset of it, and says so', async () => {
        const url = await makeAsset(2);
        const { body } = await hold(url, { version: '1', reason: 'court' });
        const refused = await remove(`${url}/versions/1`);
        expect(refused.status).toBe(409);
        expect(refused.body.detail).toMatch(
          /on hold by user:default\/ada since .*: court/,
        );
        expect((await remove(url)).status).toBe(409);
        expect((await remove(`${url}/versions/2`)).status).toBe(200);
        const archived = await portal
          .as('maya')
          .post(`${url}/versions/1/transitions`)
          .send({ to: 'gone' });
        expect(archived.status).toBe(409);
        expect(archived.body.detail).toContain('court');
        await portal
          .as('ada')
          .delete(`${url}/holds/${body.id}?reason=settled`)
          .send();
        expect((await remove(url)).status).toBe(200);
      });

      it('stops the collection of what was deleted before', async () => {
        const url = await makeAsset(2);
        const name = url.split('/').at(-1)!;
        await remove(`${url}/versions/1`);
        const asset = await knex('assets').where({ name }).first();
        const placed = await hold(url, { reason: 'found in time' });
        const purged = async () =>
          (
            await knex('versions')
              .where({ asset_id: asset.id })
              .whereNotNull('purged_at')
          ).length;
        await knex('versions')
          .where({ asset_id: asset.id, label: '1' })
          .update({ undo_until: '2020-01-01T00:00:00.000Z' });
        const collect = () =>
          portal.as('ada').post('/storage/collection').send();
        expect((await collect()).status).toBe(200);
        expect(await purged()).toBe(0);
        await portal
          .as('ada')
          .delete(`${url}/holds/${placed.body.id}?reason=settled`)
          .send();
        await collect();
        expect(await purged()).toBe(1);
      });
    });

    it('a type keeps its versions for as long as it says', async () => {
      const url = await makeAsset(1, 'kept');
      const refused = await remove(`${url}/versions/1`);
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toMatch(/has to be kept until \d{4}-.*52w/);
      expect((await remove(url)).status).toBe(409);
      await knex('versions').update({ created_at: '2020-01-01T00:00:00.000Z' });
      expect((await remove(`${url}/versions/1`)).status).toBe(200);
    });
  },
);
