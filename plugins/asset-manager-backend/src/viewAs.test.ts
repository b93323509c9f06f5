import { TestDatabases } from '@backstage/backend-test-utils';
import { VIEW_AS_HEADER } from '@baseasset/backstage-plugin-asset-manager-common';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const TEAM = 'group:default/team';
const URL = '/assets/view/it';

describe.each(databases.eachSupportedId())('view as on %p', databaseId => {
  let portal: TestPortal;

  beforeAll(async () => {
    portal = await TestPortal.start({
      knex: await databases.init(databaseId),
      groups: [{ name: 'team' }, { name: 'admins' }],
      people: { maya: ['team'], otto: [], oda: [], ada: ['admins'] },
      configuration: {
        administrators: ['group:default/admins'],
        operators: ['user:default/oda'],
      },
    });
    await portal.as('maya').post('/assets').send({
      namespace: 'view',
      name: 'it',
      type: 'dataset',
      visibility: 'restricted',
    });
  });

  afterAll(() => portal?.stop());

  const get = (who: string, whom: string, address = URL) =>
    portal.as(who).get(address).set(VIEW_AS_HEADER, whom);

  it('shows an administrator what others see', async () => {
    expect((await portal.as('ada').get(URL)).status).toBe(200);
    expect((await get('ada', 'user:default/otto')).status).toBe(404);
    const list = await get('ada', 'user:default/otto', '/assets');
    expect(list.body.items).toEqual([]);
    const own = await get('ada', 'user:default/maya');
    expect(own.body).toMatchObject({ name: 'it', maintained: true });
    // A group sees what each of its members does.
    expect((await get('ada', TEAM)).status).toBe(200);
    const who = await get('ada', 'user:default/otto', '/whoami');
    expect(who.body).toMatchObject({
      subject: 'user:default/otto',
      administrator: false,
      viewedBy: 'user:default/ada',
    });
  });

  it('sees with the eyes of a service account', async () => {
    await portal.as('maya').post('/service-accounts').send({ name: 'ci' });
    expect((await get('ada', 'service:default/ci')).status).toBe(404);
    await portal.as('ada').post('/grants').send({
      principal: 'service:default/ci',
      role: 'reader',
      scope: 'asset:view/it',
    });
    expect((await get('ada', 'service:default/ci')).status).toBe(200);
  });

  it('makes nobody an operator', async () => {
    expect((await portal.as('oda').get('/storage')).status).toBe(200);
    expect((await get('ada', 'user:default/oda', '/storage')).status).toBe(403);
    const who = await get('ada', 'user:default/oda', '/whoami');
    expect(who.body.operator).toBe(false);
  });

  it('changes nothing', async () => {
    for (const request of [
      portal
        .as('ada')
        .post('/assets')
        .send({ namespace: 'view', name: 'two', type: 'dataset', owner: TEAM }),
      portal.as('ada').patch(URL).send({ title: 'x' }),
      portal.as('ada').put(`${URL}/deletion`).send({}),
    ]) {
      const { status, body } = await request.set(
        VIEW_AS_HEADER,
        'user:default/maya',
      );
      expect([status, body.detail]).toEqual([
        403,
        expect.stringContaining('nothing can be changed with the eyes of'),
      ]);
    }
  });

  it('is for administrators, and with the eyes of somebody who is there', async () => {
    for (const who of ['maya', 'otto', 'plugin:catalog']) {
      const answer = await get(who, 'user:default/maya', '/whoami');
      expect([who, answer.status]).toEqual([who, 403]);
    }
    for (const whom of ['user:default/nobody', 'api:default/x', ':']) {
      const answer = await get('ada', whom);
      expect([whom, answer.status]).toEqual([whom, 400]);
    }
  });
});
