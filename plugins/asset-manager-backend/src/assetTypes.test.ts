import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TestDatabases } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const document = (name: string, spec: string) =>
  `# written by hand
apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: ${name} }
spec:
  stages: [{ name: first, initial: true }, { name: last, final: true }]
${spec}`;

describe.each(databases.eachSupportedId())('asset types on %p', databaseId => {
  let portal: TestPortal;
  let knex: Knex;
  let count = 0;

  const start = (configuration: JsonObject = {}) =>
    TestPortal.start({
      knex,
      groups: [{ name: 'team' }, { name: 'admins' }],
      people: { maya: ['team'], otto: [], ada: ['admins'] },
      configuration: {
        administrators: ['group:default/admins'],
        ...configuration,
      },
    });

  beforeAll(async () => {
    knex = await databases.init(databaseId);
    portal = await start();
  });

  afterAll(() => portal?.stop());

  const apply = (text: string, more: object = {}, who = 'ada') =>
    portal
      .as(who)
      .post('/asset-types')
      .send({ document: text, ...more });

  const names = async (of: TestPortal) =>
    (await of.as('maya').get('/asset-types')).body.items.map(
      (each: { name: string }) => each.name,
    );

  async function makeType(spec = '') {
    const name = `type-${count++}`;
    expect((await apply(document(name, spec))).status).toBe(201);
    return name;
  }

  async function makeAsset(type: string, more: object = {}) {
    const name = `it-${count++}`;
    const made = await portal
      .as('maya')
      .post('/assets')
      .send({ namespace: 'types', name, type, ...more });
    expect(made.status).toBe(201);
    return { url: `/assets/types/${name}`, made: made.body };
  }

  const push = (url: string, who: string, commit: object, begin = {}) =>
    portal.push(who, url, { text: `${url} ${count++}`, begin, commit });

  it('are shipped, complete', async () => {
    const { items } = (await portal.as('otto').get('/asset-types')).body;
    const model = items.find(
      (each: { name: string }) => each.name === 'ml-model',
    );
    expect(model).toMatchObject({
      title: 'Machine learning model',
      revision: 1,
      source: 'shipped',
      spec: { visibility: 'internal', protectedAliases: ['champion'] },
    });
    expect(model.spec.stages[0]).toMatchObject({
      name: 'created',
      initial: true,
    });
    const shown = await portal.as('otto').get('/asset-types/ml-model');
    expect(shown.body.document).toContain('# A model goes through validation');
    expect((await portal.as('otto').get('/asset-types/none')).status).toBe(404);
  });

  it('are changed from revision to revision, by their admins', async () => {
    const name = `changing-${count++}`;
    const first = await apply(document(name, ''), { reason: 'we need it' });
    expect([first.status, first.body.state]).toEqual([201, 'created']);
    expect(first.body.type).toMatchObject({
      name,
      revision: 1,
      source: 'people',
      createdBy: 'user:default/ada',
      reason: 'we need it',
    });
    // What it says counts, not how it is written.
    const same = await apply(
      document(name, '').replace('# written by hand', '# again'),
    );
    expect([same.status, same.body.state]).toEqual([200, 'unchanged']);
    const changed = await apply(document(name, '  visibility: public'), {
      expected: 1,
    });
    expect([changed.status, changed.body.state]).toEqual([201, 'changed']);
    const late = await apply(document(name, '  visibility: restricted'), {
      expected: 1,
    });
    expect([late.status, late.body.errors[0].field]).toEqual([409, 'expected']);
    const revisions = await portal
      .as('otto')
      .get(`/asset-types/${name}/revisions`);
    expect(
      revisions.body.items.map((each: { revision: number }) => each.revision),
    ).toEqual([2, 1]);
    const former = await portal
      .as('otto')
      .get(`/asset-types/${name}/revisions/1`);
    expect(former.body.spec.visibility).toBeUndefined();
    expect(former.body.digest).toBe(first.body.type.digest);
    const none = await portal
      .as('otto')
      .get(`/asset-types/${name}/revisions/9`);
    expect(none.status).toBe(404);
  });

  it('are changed by nobody else', async () => {
    const name = await makeType();
    for (const who of ['maya', 'otto']) {
      const answer = await apply(
        document(name, '  visibility: public'),
        {},
        who,
      );
      expect([who, answer.status]).toEqual([who, 403]);
    }
    await portal
      .as('ada')
      .post('/grants')
      .send({
        principal: 'user:default/otto',
        role: 'admin',
        scope: `type:${name}`,
      });
    const own = await apply(document(name, '  visibility: public'), {}, 'otto');
    expect(own.status).toBe(201);
    const other = await apply(document('generic', ''), {}, 'otto');
    expect(other.status).toBe(403);
  });

  it('are one of two that are applied at the same moment', async () => {
    const name = await makeType();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        apply(document(name, `  protectedAliases: [a${index}]`), {
          expected: 1,
        }),
      ),
    );
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
    const now = await portal.as('otto').get(`/asset-types/${name}`);
    expect(now.body).toMatchObject({
      revision: 2,
      digest: won[0].body.type.digest,
    });
  });

  it('say what is wrong with a document, and where', async () => {
    const text = document('wrong', '  visibility: secret\n  color: red');
    const lint = await portal
      .as('otto')
      .post('/asset-types/lint')
      .send({ document: text });
    expect(lint.body.problems).toEqual([
      { path: '/spec/color', line: 8, message: "there is no 'color' here" },
      {
        path: '/spec/visibility',
        line: 7,
        message: 'it must be one of public, internal, restricted',
      },
    ]);
    const refused = await apply(text);
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0]).toEqual({
      field: 'document',
      detail:
        "line 8: /spec/color there is no 'color' here, and 1 more; asset type lint shows all",
    });
  });

  it('let no stage be what a version or alias is called', async () => {
    const name = await makeType();
    const { url } = await makeAsset(name);
    await push(url, 'maya', { label: 'ready', aliases: ['best'] });
    for (const taken of ['ready', 'best']) {
      const answer = await apply(
        document(name, '').replace('name: last', `name: ${taken}`),
      );
      expect([taken, answer.status]).toEqual([taken, 409]);
      expect(answer.body.detail).toContain(`'${taken}' can't be a stage`);
    }
    // And the other way round.
    const alias = await portal
      .as('maya')
      .put(`${url}/aliases/last`)
      .send({ version: 'ready' });
    expect(alias.status).toBe(400);
  });

  it('say who sees a new asset', async () => {
    const hidden = await makeType('  visibility: restricted');
    const { url, made } = await makeAsset(hidden);
    expect(made.visibility).toBe('restricted');
    expect((await portal.as('otto').get(url)).status).toBe(404);
    const open = await makeAsset(hidden, { visibility: 'public' });
    expect(open.made.visibility).toBe('public');
  });

  it('hold metadata to their schema, before the first byte', async () => {
    const type = await makeType(
      '  metadata: { type: object, required: [license], properties: { license: { type: string } } }',
    );
    const { url } = await makeAsset(type);
    const wrong = { license: 1 };
    const begun = await push(url, 'maya', {}, { metadata: wrong });
    expect([begun.status, begun.body.errors[0]]).toEqual([
      400,
      {
        field: 'metadata',
        detail: `it is not what the type ${type} asks for: license must be string`,
      },
    ]);
    for (const commit of [{}, { metadata: wrong }])
      expect((await push(url, 'maya', commit)).status).toBe(400);
    const right = await push(url, 'maya', { metadata: { license: 'MIT' } });
    expect(right.status).toBe(201);
  });

  it('keep aliases for maintainers', async () => {
    const type = await makeType("  protectedAliases: [champion, 'prod-*']");
    const { url } = await makeAsset(type);
    await portal
      .as('ada')
      .post('/grants')
      .send({
        principal: 'user:default/otto',
        role: 'contributor',
        scope: `type:${type}`,
      });
    await push(url, 'maya', { aliases: ['champion'] });
    const set = (who: string, alias: string) =>
      portal.as(who).put(`${url}/aliases/${alias}`).send({ version: '1' });
    expect((await set('otto', 'candidate')).status).toBe(200);
    for (const alias of ['champion', 'prod-eu']) {
      const refused = await set('otto', alias);
      expect([alias, refused.status]).toEqual([alias, 403]);
      expect(refused.body.detail).toContain(`the type ${type} protects it`);
      expect((await set('maya', alias)).status).toBe(200);
    }
    const removed = await portal.as('otto').delete(`${url}/aliases/champion`);
    expect(removed.status).toBe(403);
    expect((await push(url, 'otto', { aliases: ['champion'] })).status).toBe(
      403,
    );
    expect((await push(url, 'otto', { aliases: ['candidate'] })).status).toBe(
      201,
    );
  });

  describe('that take two to change', () => {
    const FOUR_EYES = '  fourEyes: true';
    const CHANGED = `${FOUR_EYES}\n  visibility: public`;
    const save = (who: string, name: string, spec: string, more = {}) =>
      portal
        .as(who)
        .put(`/asset-types/${name}/draft`)
        .send({ document: document(name, spec), ...more });
    const publish = (who: string, name: string, digest: string) =>
      portal
        .as(who)
        .post(`/asset-types/${name}/draft/publication`)
        .send({ digest });
    const look = (who: string, name: string) =>
      portal.as(who).get(`/asset-types/${name}/draft`);
    /** A type with two admins, maya and otto. */
    const make = async () => {
      const name = await makeType(FOUR_EYES);
      for (const who of ['maya', 'otto'])
        await portal
          .as('ada')
          .post('/grants')
          .send({
            principal: `user:default/${who}`,
            role: 'admin',
            scope: `type:${name}`,
          });
      return name;
    };

    it('are drafted by one, and published by another', async () => {
      const name = await make();
      const direct = await apply(document(name, CHANGED), {}, 'maya');
      expect(direct.status).toBe(403);
      expect(direct.body.detail).toContain('asset type draft FILE');
      const { status, body } = await save('maya', name, CHANGED, {
        reason: 'all may see',
      });
      expect([status, body.base, body.refusal]).toEqual([
        200,
        1,
        expect.stringContaining('user:default/maya wrote it'),
      ]);
      expect((await publish('maya', name, body.digest)).status).toBe(403);
      const seen = (await look('otto', name)).body;
      expect(seen.refusal).toBeUndefined();
      expect(seen.document).toContain('# written by hand');
      const published = await publish('otto', name, seen.digest);
      expect([published.status, published.body.type]).toEqual([
        201,
        expect.objectContaining({
          revision: 2,
          createdBy: 'user:default/otto',
          draftedBy: 'user:default/maya',
          reason: 'all may see',
        }),
      ]);
      expect((await look('otto', name)).status).toBe(404);
      expect((await publish('otto', name, seen.digest)).status).toBe(404);
    });

    it('are not changed by whoever takes the rule away, or writes the draft anew', async () => {
      const name = await make();
      expect((await apply(document(name, ''), {}, 'maya')).status).toBe(403);
      const first = (await save('maya', name, '')).body;
      expect((await publish('maya', name, first.digest)).status).toBe(403);
      // Who saves it again has written it.
      const second = (await save('otto', name, CHANGED)).body;
      expect(second.replaced.by).toBe('user:default/maya');
      expect((await publish('otto', name, second.digest)).status).toBe(403);
      expect((await publish('maya', name, first.digest)).status).toBe(409);
      expect((await publish('maya', name, second.digest)).status).toBe(201);
    });

    it('are not changed by an account, nor by who holds a token of it', async () => {
      const name = await make();
      await portal
        .as('maya')
        .post('/service-accounts')
        .send({ name: `rules-${count}` });
      const { body: token } = await portal
        .as('maya')
        .post(`/service-accounts/rules-${count}/tokens`)
        .send({});
      const account = `external:asset-manager:rules-${count++}/${token.id}`;
      await knex('grants').insert({
        id: `rules${'0'.repeat(20)}${count}`,
        effect: 'allow',
        role: 'admin',
        principal: `service:default/rules-${count - 1}`,
        scope_kind: 'type',
        scope_name: name,
        created_at: new Date().toISOString(),
        created_by: 'user:default/ada',
      });
      const { status, body } = await save(account, name, CHANGED);
      expect(status).toBe(200);
      expect((await publish(account, name, body.digest)).status).toBe(403);
      const refused = await publish('maya', name, body.digest);
      expect(refused.body.detail).toContain('holds a token');
      expect((await publish('otto', name, body.digest)).status).toBe(201);
    });

    it('are published once, and not over what came between', async () => {
      const name = await make();
      const { digest } = (await save('maya', name, CHANGED)).body;
      const answers = await Promise.all(
        [1, 2, 3].map(() => publish('otto', name, digest)),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      const free = await makeType();
      const draft = (await save('ada', free, '  visibility: public')).body;
      await apply(document(free, '  visibility: restricted'));
      const late = await publish('ada', free, draft.digest);
      expect(late.status).toBe(409);
      expect(late.body.detail).toContain('has revision 2 by now');
    });

    it('keep drafts for admins, and give them up', async () => {
      const name = await makeType();
      expect((await save('otto', name, CHANGED)).status).toBe(403);
      expect((await look('otto', name)).status).toBe(403);
      expect((await save('ada', name, '')).status).toBe(400);
      expect((await save('ada', name, '  nonsense: 1')).status).toBe(400);
      expect((await save('ada', 'another', '')).status).toBe(200);
      const other = await portal
        .as('ada')
        .put(`/asset-types/${name}/draft`)
        .send({ document: document('another', '') });
      expect(other.status).toBe(400);
      await save('ada', name, CHANGED);
      const gone = await portal.as('ada').delete(`/asset-types/${name}/draft`);
      expect(gone.status).toBe(204);
      expect((await look('ada', name)).status).toBe(404);
    });
  });

  it('come from files of the configuration, which people do not change', async () => {
    const file = path.join(
      mkdtempSync(path.join(os.tmpdir(), 'types-')),
      'a.yaml',
    );
    writeFileSync(file, document('filed', '  visibility: public'));
    const configuration = { types: [file], shippedTypes: ['dataset'] };
    let own = await start(configuration);
    try {
      expect(await names(own)).toEqual(
        expect.arrayContaining(['dataset', 'filed']),
      );
      expect(await names(own)).not.toContain('ml-model');
      const made = await own
        .as('maya')
        .post('/assets')
        .send({ namespace: 'types', name: 'x', type: 'ml-model' });
      expect(made.body.errors[0].field).toBe('type');
      const change = await own
        .as('ada')
        .post('/asset-types')
        .send({ document: document('filed', '') });
      expect(change.status).toBe(409);
    } finally {
      await own.stop();
    }
    // Once more, and after the file was changed.
    own = await start(configuration);
    await own.stop();
    writeFileSync(file, document('filed', '  visibility: restricted'));
    own = await start(configuration);
    try {
      const { body } = await own.as('otto').get('/asset-types/filed/revisions');
      expect(
        body.items.map(
          ({ revision, source }: { revision: number; source: string }) => [
            revision,
            source,
          ],
        ),
      ).toEqual([
        [2, 'configuration'],
        [1, 'configuration'],
      ]);
    } finally {
      await own.stop();
    }
  });

  it('keep what people made of a shipped one', async () => {
    const text = (await portal.as('ada').get('/asset-types/generic')).body
      .document as string;
    const changed = await apply(text.replace('title: Files', 'title: Things'));
    expect(changed.body.state).toBe('changed');
    const again = await start();
    try {
      const { body } = await again.as('otto').get('/asset-types/generic');
      expect(body).toMatchObject({
        title: 'Things',
        source: 'people',
        revision: 2,
      });
    } finally {
      await again.stop();
    }
  });

  it('do not start with a file that is wrong', async () => {
    const file = path.join(
      mkdtempSync(path.join(os.tmpdir(), 'types-')),
      'b.yaml',
    );
    writeFileSync(file, document('filed', '  color: red'));
    await expect(start({ types: [file] })).rejects.toThrow(
      `${file}, line 7: /spec/color there is no 'color' here`,
    );
  });
});
