import { TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  digestOf,
  endsPage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())(
  'pushes at the same time on %p, under a quota of 1 KiB,',
  databaseId => {
    let portal: TestPortal;
    let knex: Knex;

    beforeAll(async () => {
      knex = await databases.init(databaseId);
      portal = await TestPortal.start({
        knex,
        groups: [{ name: 'team-signal' }],
        people: { maya: ['team-signal'], otto: [] },
        configuration: { storage: { quotas: [{ size: '1KiB' }] } },
      });
    });

    afterAll(() => portal?.stop());

    const create = (namespace: string) =>
      portal
        .as('maya')
        .post('/assets')
        .send({ namespace, name: 'asset', type: 'dataset' });

    /** Begins a push of one file. */
    async function begin(namespace: string, text: string) {
      const built = buildManifest([
        { path: 'file', size: text.length, digest: digestOf(text) },
      ]);
      const begun = await portal
        .as('maya')
        .post(`/assets/${namespace}/asset/uploads`)
        .send({
          digest: built.digest,
          fileCount: built.manifest.fileCount,
          size: built.manifest.size,
        });
      const id: string = begun.body.upload.id;
      return {
        id,
        announce: () =>
          portal
            .as('maya')
            .put(`/uploads/${id}/pages/0`)
            .type('json')
            .send(built.pages[0]),
        send: () =>
          portal
            .as('maya')
            .put(`/uploads/${id}/blobs/${digestOf(text)}`)
            .type('application/octet-stream')
            .send(Buffer.from(text)),
      };
    }

    it('count a file once that stands on several pages', async () => {
      await create('pages');
      const text = 'p'.repeat(1000);
      const names = Array.from({ length: 40_000 }, (_, index) => `${index}`);
      const end = names.find(name => endsPage(name))!;
      const built = buildManifest(
        [`${end}`, `${end}-`].map(name => ({
          path: name,
          size: text.length,
          digest: digestOf(text),
        })),
      );
      expect(built.pages).toHaveLength(2);
      const { fileCount, size } = built.manifest;
      const begun = await portal
        .as('maya')
        .post('/assets/pages/asset/uploads')
        .send({ digest: built.digest, fileCount, size });
      const { id } = begun.body.upload;
      // In their order, and again by whoever goes on.
      for (const position of [0, 1, 0, 1]) {
        const { status } = await portal
          .as('maya')
          .put(`/uploads/${id}/pages/${position}`)
          .type('json')
          .send(built.pages[position]);
        expect([position, status]).toEqual([position, 200]);
      }
      const other = await begin('pages', 'q'.repeat(24));
      expect((await other.announce()).status).toBe(200);
      const more = await begin('pages', 'r');
      expect((await more.announce()).status).toBe(409);
    });

    it('see what the others are about to send, and count what has arrived once', async () => {
      await create('shared');
      const first = await begin('shared', 'a'.repeat(600));
      const second = await begin('shared', 'b'.repeat(500));
      expect((await first.announce()).status).toBe(200);
      const refused = await second.announce();
      expect([refused.status, refused.body.detail]).toEqual([
        409,
        expect.stringContaining(
          'may hold 1.0 KiB and holds 0 B; other pushes bring 600 B; this push needs 500 B more',
        ),
      ]);
      // Whoever goes on with a push does not stand in its own way.
      expect((await first.announce()).status).toBe(200);
      const third = await begin('shared', 'c'.repeat(424));
      expect((await third.announce()).status).toBe(200);
      // What was awaited stands now.
      expect((await first.send()).status).toBe(204);
      expect((await third.announce()).status).toBe(200);
      expect((await third.send()).status).toBe(204);
      const fourth = await begin('shared', 'd');
      expect((await fourth.announce()).status).toBe(409);
    });

    it('ask for room before they send their bytes', async () => {
      await create('hasty');
      const first = await begin('hasty', 'a'.repeat(600));
      const refused = await first.send();
      expect([refused.status, refused.body.detail]).toEqual([
        409,
        expect.stringContaining('send the pages of the manifest before them'),
      ]);
      expect((await first.announce()).status).toBe(200);
      expect((await first.send()).status).toBe(204);
      // An answer that was lost counts once.
      expect((await first.send()).status).toBe(204);
      const second = await begin('hasty', 'b'.repeat(424));
      expect((await second.announce()).status).toBe(200);
      const third = await begin('hasty', 'c');
      expect((await third.announce()).status).toBe(409);
    });

    it('get the room of a push that was given up', async () => {
      await create('given-up');
      const first = await begin('given-up', 'a'.repeat(1000));
      const second = await begin('given-up', 'b'.repeat(1000));
      expect((await first.announce()).status).toBe(200);
      expect((await second.announce()).status).toBe(409);
      await portal.as('maya').delete(`/uploads/${first.id}`);
      // Its page goes with the next collection.
      const condemned: string[] = await knex('condemned_blobs').pluck('key');
      expect(condemned.filter(key => key.includes('/pages/'))).toHaveLength(1);
      expect((await second.announce()).status).toBe(200);
    });

    it('are never given the same room', async () => {
      await create('crowded');
      const pushes = await Promise.all(
        ['0', '1', '2', '3', '4', '5'].map(digit =>
          begin('crowded', digit.repeat(400)),
        ),
      );
      const answers = await Promise.all(
        pushes.map(({ announce }) => announce()),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([
        200, 200, 409, 409, 409, 409,
      ]);
    });

    it('wait for nobody who has been silent for a quarter of an hour', async () => {
      await create('silent');
      const first = await begin('silent', 'a'.repeat(1000));
      const second = await begin('silent', 'b'.repeat(1000));
      const silentFor = async (minutes: number) => {
        await knex('uploads')
          .where({ id: first.id })
          .update({
            heard_at: new Date(Date.now() - minutes * 60_000).toISOString(),
          });
      };
      const heartbeat = (who: string) =>
        portal.as(who).post(`/uploads/${first.id}/heartbeat`);
      expect((await first.announce()).status).toBe(200);
      await silentFor(14);
      expect((await second.announce()).status).toBe(409);
      await silentFor(16);
      expect((await heartbeat('otto')).status).toBe(404);
      // A session that was looked at is believed for two seconds.
      await new Promise(resolve => setTimeout(resolve, 2100));
      expect((await heartbeat('maya')).status).toBe(204);
      expect((await second.announce()).status).toBe(409);
      await silentFor(16);
      expect((await second.announce()).status).toBe(200);
    });
  },
);
