import { TestDatabases } from '@backstage/backend-test-utils';
import {
  AuditCheckpoint,
  AuditLine,
  AuditVerification,
  AuditVerifier,
  chainHash,
  Digest,
  FIRST_HASH,
} from '@baseasset/backstage-plugin-asset-manager-common';
import canonicalize from 'canonicalize';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const RealDate = Date;
const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(180_000);

describe.each(databases.eachSupportedId())(
  'the audit trail on %p',
  databaseId => {
    let portal: TestPortal;
    let knex: Knex;
    let count = 0;

    beforeAll(async () => {
      knex = await databases.init(databaseId);
      portal = await TestPortal.start({
        knex,
        groups: [{ name: 'team' }, { name: 'admins' }],
        people: { maya: ['team'], otto: [], ada: ['admins'], quinn: [] },
        configuration: {
          administrators: ['group:default/admins'],
          operators: ['user:default/ada'],
          auditors: ['user:default/quinn'],
        },
      });
    });

    afterAll(() => portal?.stop());

    async function makeAsset(more: object = {}) {
      const name = `it-${count++}`;
      await portal
        .as('maya')
        .post('/assets')
        .send({ namespace: 'audit', name, type: 'generic', ...more });
      const url = `/assets/audit/${name}`;
      expect((await portal.push('maya', url, { text: name })).status).toBe(201);
      return url;
    }

    const checkpoint = async (): Promise<AuditCheckpoint> =>
      (await portal.as('quinn').post('/audit/checkpoints').send()).body
        .checkpoint;
    const verify = async (): Promise<AuditVerification> =>
      (await portal.as('quinn').get('/audit/verification')).body;
    const events = async (query = '', who = 'quinn') => {
      const { body } = await portal.as(who).get(`/audit/events?${query}`);
      return body.items as { event: Record<string, unknown> }[];
    };

    /** With the rights of the owner of the database: around the triggers. */
    async function tamper(work: () => Promise<unknown>) {
      const tables = ['audit_events', 'audit_seals', 'audit_checkpoints'];
      if (databaseId === 'POSTGRES_17') {
        for (const table of tables)
          await knex.raw(`alter table ${table} disable trigger all`);
        await work();
        for (const table of tables)
          await knex.raw(`alter table ${table} enable trigger all`);
        return;
      }
      const triggers = await knex('sqlite_master')
        .where({ type: 'trigger' })
        .select<{ name: string; sql: string }[]>('name', 'sql');
      for (const { name } of triggers) await knex.raw(`drop trigger ${name}`);
      await work();
      for (const { sql } of triggers) await knex.raw(sql);
    }

    /** Tampers, says what is found, and puts everything back. */
    async function foundAfter(
      work: () => Promise<unknown>,
      anchor?: AuditCheckpoint,
    ): Promise<string[]> {
      const tables = ['audit_events', 'audit_seals', 'audit_checkpoints'];
      const before: object[][] = [];
      for (const table of tables) before.push(await knex(table));
      await tamper(work);
      const server = await verify();
      const { text } = await portal
        .as('quinn')
        .get('/audit/export')
        .buffer(true)
        .parse((res, done) => {
          let whole = '';
          res.on('data', (chunk: Buffer) => {
            whole += chunk;
          });
          res.on('end', () => done(null, whole));
        })
        .then(({ body }) => ({ text: body as string }));
      const offline = await verifyText(text, anchor);
      await tamper(async () => {
        for (const [index, table] of tables.entries()) {
          await knex(table).delete();
          for (const row of before[index]) await knex(table).insert(row);
        }
      });
      if (!anchor) expect(offline.intact).toBe(server.intact);
      return offline.findings.map(({ message }) => message);
    }

    /** As the command line does it, with the verifier alone. */
    async function verifyText(text: string, anchor?: AuditCheckpoint) {
      const verifier = new AuditVerifier({ anchors: anchor ? [anchor] : [] });
      for (const each of text.trim().split('\n')) {
        const line = JSON.parse(each) as AuditLine;
        if (line.kind === 'event')
          verifier.addEvent(
            line,
            line.event ? canonicalize(line.event) : undefined,
          );
        else if (line.kind === 'checkpoint') verifier.addCheckpoint(line);
        else if (line.kind === 'unsealed')
          verifier.addUnsealed(line.event, new Date().toISOString());
      }
      return verifier.result();
    }

    const contentOf = async (rowId: number) =>
      (await knex('audit_events').where({ id: rowId }).first()).content;

    it('says who did what, when, from what to what, why and for which request', async () => {
      const url = await makeAsset({ title: 'Before' });
      const maya = portal.as('maya');
      await maya.patch(url).send({ title: 'After' });
      await maya
        .post(`${url}/versions/1/transitions`)
        .send({ to: 'published', reason: 'complete' });
      await maya.put(`${url}/aliases/good`).send({ version: '1' });
      await maya
        .post(`${url}/versions/1/checks`)
        .send({ name: 'rows', status: 'passed' });
      const { body } = await portal.as('otto').get(`${url}/events`);
      const name = url.replace('/assets/', '');
      const told = body.items.map(
        ({ event }: { event: { action: string } }) => event.action,
      );
      expect(told).toEqual(
        expect.arrayContaining([
          'version.checked',
          'alias.moved',
          'version.moved',
          'asset.updated',
          'version.created',
          'asset.created',
        ]),
      );
      const of = (action: string) =>
        body.items.find(
          ({ event }: { event: { action: string } }) => event.action === action,
        ).event;
      expect(of('asset.updated')).toMatchObject({
        actor: 'user:default/maya',
        outcome: 'succeeded',
        object: name,
        old: { title: 'Before' },
        new: { title: 'After' },
        request: `PATCH ${url}`,
        at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      });
      expect(of('version.moved')).toMatchObject({
        object: `${name}@1`,
        digest: expect.stringMatching(/^sha256:/),
        old: { stage: 'created' },
        new: { stage: 'published' },
        reason: 'complete',
        rules: { type: 'generic', revision: 1 },
      });
    });

    it('has one event for each change, in the same transaction, and none for what failed', async () => {
      const url = await makeAsset();
      const read = async () =>
        Number((await knex('audit_events').count({ n: '*' }).first())?.n);
      const before = await read();
      const maya = portal.as('maya');
      expect(
        (await maya.put(`${url}/aliases/a`).send({ version: '9' })).status,
      ).toBe(404);
      expect(
        (await maya.patch(url).send({ owner: 'group:default/no' })).status,
      ).toBe(400);
      expect(await read()).toBe(before);
      await maya.patch(url).send({ title: 'x' });
      expect(await read()).toBe(before + 1);
    });

    it('keeps that somebody was told of a hidden asset that there is none', async () => {
      const url = await makeAsset();
      await portal.as('maya').patch(url).send({ visibility: 'restricted' });
      const { status } = await portal.as('otto').get(url);
      await portal.as('otto').delete(`${url}/aliases/none`);
      await portal.as('otto').get('/assets/audited/nothing-there');
      expect(status).toBe(404);
      const tried = async () =>
        (await events('outcome=denied&actor=user:default/otto')).filter(
          ({ event }) => String(event.reason).includes('hidden'),
        );
      for (let turn = 0; turn < 50 && (await tried()).length < 2; turn++)
        await new Promise(resolve => {
          setTimeout(resolve, 20);
        });
      const object = url.replace('/assets/', '');
      const found = (await tried()).map(
        ({ event }) => `${event.action} ${event.object}`,
      );
      // They are written when the answer is on its way.
      expect(found.sort()).toEqual([
        `getAsset ${object}`,
        `removeAlias ${object}`,
      ]);
    });

    it('keeps what was denied, with who tried it', async () => {
      const url = await makeAsset();
      const { status } = await portal
        .as('otto')
        .patch(url)
        .send({ title: 'no' });
      expect(status).toBe(403);
      const [last] = await events('outcome=denied&actor=user:default/otto');
      expect(last.event).toMatchObject({
        action: 'updateAsset',
        object: url.replace('/assets/', ''),
        reason: expect.stringContaining('may not edit'),
      });
      const ofAsset = async (who: string, query = '') => {
        const { body } = await portal.as(who).get(`${url}/events${query}`);
        return body.items.map(
          (each: { event: { outcome: string } }) => each.event.outcome,
        );
      };
      expect(await ofAsset('maya', '?outcome=denied')).toEqual(['denied']);
      expect(await ofAsset('maya')).toContain('denied');
      // Who tried what is for maintainers.
      expect(await ofAsset('otto', '?outcome=denied')).toEqual([]);
      expect(await ofAsset('otto')).not.toContain('denied');
    });

    it('knows grants, types and service accounts, and no secret', async () => {
      const url = await makeAsset();
      const name = `bot-${count++}`;
      const maya = portal.as('maya');
      await maya.post('/grants').send({
        principal: 'user:default/otto',
        role: 'reader',
        scope: url.replace('/assets/', 'asset:'),
      });
      await maya.post('/service-accounts').send({ name });
      const { body } = await maya
        .post(`/service-accounts/${name}/tokens`)
        .send({});
      const service = portal.as(`external:asset-manager:${name}/${body.id}`);
      await portal
        .as('ada')
        .post('/grants')
        .send({
          principal: `service:default/${name}`,
          role: 'contributor',
          scope: url.replace('/assets/', 'asset:'),
        });
      await service
        .post(`${url}/versions/1/checks`)
        .send({ name: 'rows', status: 'passed' });
      const [check] = await events('action=version.checked');
      expect(check.event).toMatchObject({
        actor: `service:default/${name}`,
        via: `token:${body.id}`,
      });
      const [token] = await events('action=service-token.created');
      expect(token.event.new).toMatchObject({ token: body.id });
      const secret = body.token.split(`${body.id}_`)[1];
      expect(secret.length).toBeGreaterThan(20);
      const rows = await knex('audit_events');
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect((await events('action=grant')).length).toBeGreaterThan(1);
      // Who has access is no matter of those who may only read.
      const told = async (who: string) =>
        (await portal.as(who).get(`${url}/events?action=grant`)).body.items
          .length;
      expect([await told('otto'), await told('maya')]).toEqual([0, 2]);
    });

    it('is for auditors, and pages and filters', async () => {
      expect((await portal.as('maya').get('/audit/events')).status).toBe(403);
      const all = await events('limit=1000');
      const paged: unknown[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await portal
          .as('quinn')
          .get(`/audit/events?limit=7${cursor ? `&cursor=${cursor}` : ''}`);
        paged.push(...body.items);
        cursor = body.nextCursor;
      } while (cursor);
      const ids = (items: unknown[]) =>
        items.map(item => (item as { event: { id: string } }).event.id);
      // That the auditor was refused above is an event itself.
      expect(ids(paged)).toEqual(ids(all));
      const since = all[3].event.at as string;
      for (const { event } of await events(`since=${since}`))
        expect(String(event.at) >= since).toBe(true);
      const nonsense = await portal
        .as('quinn')
        .get('/audit/events?since=yesterday');
      expect(nonsense.status).toBe(400);
    });

    it('can be added to, and neither changed nor emptied', async () => {
      await checkpoint();
      for (const table of [
        'audit_events',
        'audit_seals',
        'audit_checkpoints',
      ]) {
        const message = /append-only/;
        const column = table === 'audit_events' ? 'actor' : 'hash';
        await expect(knex(table).update({ [column]: 'me' })).rejects.toThrow(
          message,
        );
        await expect(knex(table).delete()).rejects.toThrow(message);
        const row = await knex(table).first();
        await expect(
          databaseId === 'POSTGRES_17'
            ? knex.raw(`truncate ${table}`)
            : knex.raw(
                `insert or replace into ${table} (${Object.keys(row)
                  .map(key => `"${key}"`)
                  .join(', ')}) values (${Object.keys(row)
                  .map(() => '?')
                  .join(', ')})`,
                Object.values(row) as string[],
              ),
        ).rejects.toThrow(message);
      }
    });

    it('is sealed in order, whoever writes at once, and signed', async () => {
      const url = await makeAsset();
      const before = (await checkpoint()).sequence;
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          portal
            .as('maya')
            .post(`${url}/versions/1/checks`)
            .send({ name: `c${index}`, status: 'passed' }),
        ),
      );
      const { sequence, hash } = await checkpoint();
      expect(sequence).toBeGreaterThanOrEqual(before + 30);
      let last: Digest = FIRST_HASH;
      const seals = await knex('audit_seals').orderBy('sequence');
      for (const [index, seal] of seals.entries()) {
        expect(Number(seal.sequence)).toBe(index + 1);
        last = chainHash(index + 1, last, await contentOf(seal.event_id));
        expect(seal.hash).toBe(last);
      }
      expect(hash).toBe(last);
      expect(await verify()).toMatchObject({ intact: true, findings: [] });
      const [{ seal }] = (await portal.as('quinn').get('/audit/events?limit=1'))
        .body.items;
      expect(seal.sequence).toBe(sequence);
    });

    describe('finds, whoever owns the database,', () => {
      let anchor: AuditCheckpoint;
      let victim = 0;
      beforeAll(async () => {
        const url = await makeAsset();
        const asset = url.split('/').at(-1)!;
        const row = await knex('audit_events')
          .whereLike('content', `%${asset}%`)
          .first();
        victim = row.id;
        await checkpoint();
        await makeAsset();
        anchor = await checkpoint();
        await makeAsset();
        await checkpoint();
      });

      it('nothing where nothing was done', async () => {
        expect(await foundAfter(async () => {}, anchor)).toEqual([]);
      });

      it('an event that was changed', async () => {
        const found = await foundAfter(async () => {
          const content = (await contentOf(victim)).replace('maya', 'otto');
          await knex('audit_events').where({ id: victim }).update({ content });
        });
        expect(found[0]).toContain('was changed');
      });

      it('an event that was removed', async () => {
        const found = await foundAfter(() =>
          knex('audit_events').where({ id: victim }).delete(),
        );
        expect(found).toEqual(['the event was removed']);
      });

      it('an event that was removed with its seal', async () => {
        const found = await foundAfter(async () => {
          await knex('audit_events').where({ id: victim }).delete();
          await knex('audit_seals').where({ event_id: victim }).delete();
        });
        expect(found[0]).toContain('removed or put in');
      });

      it('an event that was put in', async () => {
        const found = await foundAfter(async () => {
          const row = await knex('audit_events').where({ id: victim }).first();
          await knex('audit_events').insert({
            ...row,
            id: -1,
            content: row.content.replace(
              /"at":"[^"]*"/,
              '"at":"2026-01-01T00:00:00.000Z"',
            ),
            at: '2026-01-01T00:00:00.000Z',
          });
          await checkpoint();
        });
        expect(found.join()).toContain('is not sealed: it was put in');
      });

      it('an end that was cut off', async () => {
        const cut = async () => {
          const { sequence } = await knex('audit_seals')
            .orderBy('sequence', 'desc')
            .first();
          const rows = await knex('audit_seals').where(
            'sequence',
            '>',
            sequence - 4,
          );
          await knex('audit_seals')
            .where('sequence', '>', sequence - 4)
            .delete();
          for (const row of rows)
            await knex('audit_events').where({ id: row.event_id }).delete();
        };
        expect((await foundAfter(cut)).join()).toContain(
          'the chain ends before',
        );
      });

      it('a chain that was made anew, by the signatures', async () => {
        const found = await foundAfter(() => rechain(knex, victim));
        expect(found.join()).toContain('another one than when it was signed');
      });

      it('a chain that was made anew, signatures and all, by an anchor', async () => {
        const remake = async () => {
          await rechain(knex, victim);
          await knex('audit_checkpoints').delete();
        };
        const found = await foundAfter(remake, anchor);
        expect(found.join()).toContain('another one than when it was anchored');
        const cutOff = async () => {
          await knex('audit_checkpoints').delete();
          await knex('audit_seals').where('sequence', '>', 5).delete();
          await knex('audit_events').where('id', '>', 5).delete();
        };
        expect((await foundAfter(cutOff, anchor)).join()).toContain(
          'it was cut off',
        );
      });

      it('a signature by another key', async () => {
        const found = await foundAfter(async () => {
          const row = await knex('audit_checkpoints').first();
          await knex('audit_checkpoints')
            .where({ sequence: row.sequence })
            .update({ signature: Buffer.alloc(64, 7).toString('base64') });
        });
        expect(found.join()).toContain(
          'the signature of the checkpoint is wrong',
        );
      });
    });

    it('keeps its order when the clock steps back an hour', async () => {
      const url = await makeAsset();
      const maya = portal.as('maya');
      const move = (to: string) =>
        maya.post(`${url}/versions/1/transitions`).send({ to, reason: 'x' });
      await move('published');
      const hour = 3_600_000;
      const real = Date.now;
      const clock = jest
        .spyOn(global, 'Date')
        .mockImplementation(function dateBefore(...args: unknown[]) {
          return new RealDate(
            ...((args.length > 0 ? args : [real() - hour]) as []),
          );
        } as never);
      Object.assign(global.Date, {
        now: () => real() - hour,
        parse: RealDate.parse,
        UTC: RealDate.UTC,
      });
      try {
        expect((await move('archived')).status).toBe(201);
      } finally {
        clock.mockRestore();
      }
      const { body } = await maya.get(`${url}/transitions`);
      expect(body.items.map((each: { to: string }) => each.to)).toEqual([
        'archived',
        'published',
      ]);
      expect(body.items[0].at > body.items[1].at).toBe(true);
      await checkpoint();
      expect((await verify()).intact).toBe(true);
    });
  },
);

/** What somebody would do who changes an event and knows how the chain is made. */
async function rechain(knex: Knex, victim: number) {
  const row = await knex('audit_events').where({ id: victim }).first();
  await knex('audit_events')
    .where({ id: victim })
    .update({ content: row.content.replace('maya', 'otto') });
  let last: Digest = FIRST_HASH;
  for (const seal of await knex('audit_seals').orderBy('sequence')) {
    const event = await knex('audit_events')
      .where({ id: seal.event_id })
      .first();
    last = chainHash(Number(seal.sequence), last, event.content);
    await knex('audit_seals')
      .where({ sequence: seal.sequence })
      .update({ hash: last });
  }
}
