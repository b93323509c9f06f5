import { TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  digestOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const TEAM = 'group:default/team';
const TEXT = 'what only the team may read\n';

/** What somebody who may not tries all the same. Roles and routes are in routes.test.ts. */
describe.each(databases.eachSupportedId())('an attack on %p', databaseId => {
  let portal: TestPortal;
  let digest: string;

  beforeAll(async () => {
    portal = await TestPortal.start({
      knex: await databases.init(databaseId),
      groups: [{ name: 'team' }, { name: 'others' }, { name: 'maya' }],
      people: { maya: ['team'], otto: ['others'], mallory: ['maya'] },
    });
    digest = await push('maya', '/assets/secret/plans', TEXT, {
      visibility: 'restricted',
    });
    await push('otto', '/assets/open/it', 'for all\n', {});
  });

  afterAll(() => portal?.stop());

  /** Makes an asset with one version. @returns its digest */
  async function push(who: string, url: string, text: string, card: object) {
    const [, , namespace, name] = url.split('/');
    await portal
      .as(who)
      .post('/assets')
      .send({ namespace, name, type: 'dataset', ...card });
    const { body } = await portal.push(who, url, { text });
    return body.version.digest;
  }

  it('finds a version by no digest but through its own asset', async () => {
    const own = `/assets/secret/plans/versions/${digest}`;
    expect((await portal.as('maya').get(own)).status).toBe(200);
    const nothing = digestOf('nothing');
    for (const path of ['', '/manifest', '/files', '/files/a.txt']) {
      const url = '/assets/open/it/versions';
      const real = await portal.as('otto').get(`${url}/${digest}${path}`);
      const unreal = await portal.as('otto').get(`${url}/${nothing}${path}`);
      expect([path, real.status]).toEqual([path, 404]);
      expect(real.text.replaceAll(digest, 'X')).toBe(
        unreal.text.replaceAll(nothing, 'X'),
      );
    }
    const compare = (to: string) =>
      portal.as('otto').get(`/compare?from=open/it@1&to=${to}@1`);
    const [there, missing] = [
      await compare('secret/plans'),
      await compare('secret/other'),
    ];
    expect(there.status).toBe(404);
    expect(there.text.replaceAll('plans', 'other')).toBe(missing.text);
  });

  it('gets no bytes by their digest, and does not learn that they are there', async () => {
    const built = buildManifest([
      { path: 'copy.txt', size: TEXT.length, digest: digestOf(TEXT) },
    ]);
    const begun = await portal.as('otto').post('/assets/open/it/uploads').send({
      digest: built.digest,
      fileCount: 1,
      size: TEXT.length,
    });
    const upload = `/uploads/${begun.body.upload.id}`;
    const page = await portal
      .as('otto')
      .put(`${upload}/pages/0`)
      .type('json')
      .send(built.pages[0]);
    expect(JSON.stringify(page.body)).toContain(digestOf(TEXT));
    const commit = await portal.as('otto').post(`${upload}/commit`).send({});
    expect(commit.status).toBe(409);
    expect(
      (
        await portal
          .as('otto')
          .get(`/assets/open/it/packs/${digestOf(TEXT)}`)
          .set('Range', 'bytes=0-3')
      ).status,
    ).toBe(404);
  });

  it('raises nobody by a group that is named like a person', async () => {
    expect(
      (await portal.as('mallory').get('/assets/secret/plans')).status,
    ).toBe(404);
    // The other way round: what is given to the person is not the group's.
    await portal.as('maya').post('/grants').send({
      principal: 'user:default/maya',
      role: 'reader',
      scope: 'asset:secret/plans',
    });
    expect(
      (await portal.as('mallory').get('/assets/secret/plans')).status,
    ).toBe(404);
    await portal.as('mallory').post('/assets').send({
      namespace: 'mallory',
      name: 'it',
      type: 'dataset',
      owner: 'group:default/maya',
      visibility: 'restricted',
    });
    expect((await portal.as('maya').get('/assets/mallory/it')).status).toBe(
      404,
    );
  });

  it.each([
    ['another case of the namespace', 'SECRET', 'plans'],
    ['another case of the name', 'secret', 'PLANS'],
    ['a Cyrillic letter', 's\u0435cret', 'plans'],
    ['a full-width letter', '\uff53ecret', 'plans'],
    ['an accent that is put on', 'secre\u0301t', 'plans'],
    ['a letter without width', 'secret\u200b', 'plans'],
    ['a dotless i', 'secret', 'plan\u0131'],
    ['a trailing dot', 'secret.', 'plans'],
    ['a folder above', '..', 'plans'],
    ['what every object has', '__proto__', 'plans'],
  ])('makes no twin of a name: %s', async (_, namespace, name) => {
    const made = await portal
      .as('otto')
      .post('/assets')
      .send({ namespace, name, type: 'dataset' });
    expect([400, 409]).toContain(made.status);
    const read = await portal
      .as('otto')
      .get(
        `/assets/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`,
      );
    expect([400, 404]).toContain(read.status);
    const grant = await portal
      .as('otto')
      .post('/grants')
      .send({
        principal: 'user:default/otto',
        role: 'reader',
        scope: `namespace:${namespace}`,
      });
    expect([400, 403]).toContain(grant.status);
    expect((await portal.as('otto').get('/assets/secret/plans')).status).toBe(
      404,
    );
  });

  it('takes nothing over by a declaration of the same name', async () => {
    const declared = await portal
      .as('plugin:catalog')
      .put('/assets/secret/plans/declarations')
      .send({
        location: 'url:https://example.org/mallory/catalog-info.yaml',
        card: {
          type: 'dataset',
          owner: 'group:default/others',
          visibility: 'public',
          tags: [],
          relations: { derivedFrom: [], producedBy: [], consumedBy: [] },
        },
      });
    expect(declared.status).toBeLessThan(300);
    const kept = await portal.as('maya').get('/assets/secret/plans');
    expect(kept.body).toMatchObject({ owner: TEAM, visibility: 'restricted' });
    expect((await portal.as('otto').get('/assets/secret/plans')).status).toBe(
      404,
    );
    const accepted = await portal
      .as('otto')
      .post('/assets/secret/plans/declarations/accept')
      .send({
        location: 'url:https://example.org/mallory/catalog-info.yaml',
      });
    expect(accepted.status).toBe(404);
  });

  it('hides behind no header', async () => {
    for (const [header, value] of [
      ['X-HTTP-Method-Override', 'DELETE'],
      ['X-Forwarded-User', 'user:default/maya'],
      ['X-Original-URL', '/api/asset-manager/assets/secret/plans'],
      ['X-Forwarded-Prefix', '/assets/secret/plans'],
    ]) {
      const answer = await portal
        .as('otto')
        .get('/assets/secret/plans')
        .set(header, value);
      expect([header, answer.status]).toEqual([header, 404]);
    }
  });
});
