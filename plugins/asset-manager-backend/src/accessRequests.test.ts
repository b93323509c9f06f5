import { TestDatabases } from '@backstage/backend-test-utils';
import type { Grant } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';
import { DatabaseRepository } from './database/DatabaseRepository';
import type { Caller } from './model/caller';
import { AccessRequestService } from './services/AccessRequestService';
import type { AssetService } from './services/AssetService';
import type { GrantService } from './services/GrantService';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())('access requests on %p', id => {
  let portal: TestPortal;
  let knex: Knex;
  let count = 0;

  beforeAll(async () => {
    knex = await databases.init(id);
    portal = await TestPortal.start({
      knex,
      groups: [{ name: 'team' }, { name: 'others' }],
      people: {
        maya: ['team'],
        noor: ['team'],
        otto: ['others'],
        eve: ['others'],
      },
    });
  });

  afterAll(() => portal?.stop());

  async function make() {
    const name = `it-${count++}`;
    await portal.as('maya').post('/assets').send({
      namespace: 'asked',
      name,
      type: 'dataset',
      visibility: 'restricted',
    });
    return { namespace: 'asked', name };
  }
  const ask = (who: string, request: object) =>
    portal
      .as(who)
      .post('/access-requests')
      .send({ reason: 'I review it', ...request });
  const decide = (who: string, requestId: string, decision: object) =>
    portal.as(who).put(`/access-requests/${requestId}/decision`).send(decision);
  const open = async (who: string, name: string) =>
    (await portal.as(who).get(`/assets/asked/${name}/access-requests`)).body
      .items;

  it('answer the same whether there is such an asset or not', async () => {
    const there = await ask('otto', await make());
    const not = await ask('otto', { namespace: 'asked', name: 'nothing' });
    const plain = ({ status, body }: typeof there) => ({
      status,
      keys: Object.keys(body),
      rest: [body.role, body.days, body.state, body.requester],
    });
    expect(plain(there)).toEqual(plain(not));
    expect(there.body).toMatchObject({
      role: 'reader',
      days: 30,
      state: 'open',
      requester: 'user:default/otto',
    });
    const listed = await portal.as('otto').get('/access-requests');
    expect(
      listed.body.items.map((each: { state: string }) => each.state),
    ).toEqual(['open', 'open']);
    for (const wrong of [
      { namespace: 'A', name: 'x' },
      { namespace: 'a', name: '-' },
      { namespace: 'a', name: 'x', role: 'admin' },
      { namespace: 'a', name: 'x', days: 400 },
      { namespace: 'a', name: 'x', reason: '' },
    ])
      expect((await ask('otto', wrong)).status).toBe(400);
  });

  it('are granted for a time by those who may give access', async () => {
    const asset = await make();
    const { body } = await ask('otto', { ...asset, days: 7 });
    const url = `/assets/asked/${asset.name}`;
    expect(await open('maya', asset.name)).toMatchObject([
      { id: body.id, reason: 'I review it' },
    ]);
    for (const stranger of ['otto', 'eve'])
      expect((await decide(stranger, body.id, { granted: true })).status).toBe(
        404,
      );
    expect((await portal.as('otto').get(url)).status).toBe(404);
    const granted = await decide('maya', body.id, {
      granted: true,
      answer: 'welcome',
    });
    expect(granted.body).toMatchObject({
      state: 'granted',
      decidedBy: 'user:default/maya',
      answer: 'welcome',
    });
    expect((await portal.as('otto').get(url)).status).toBe(200);
    const access = await portal.as('maya').get(`${url}/access`);
    const [grant] = access.body.grants;
    expect(grant).toMatchObject({
      principal: 'user:default/otto',
      role: 'reader',
      reason: 'I review it',
    });
    const days = (Date.parse(grant.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThanOrEqual(7);
    // It is decided once.
    expect((await decide('noor', body.id, { granted: false })).status).toBe(
      404,
    );
    expect(await open('maya', asset.name)).toEqual([]);
  });

  it('are declined with an answer, or withdrawn', async () => {
    const asset = await make();
    const first = await ask('otto', asset);
    const declined = await decide('maya', first.body.id, {
      granted: false,
      answer: 'not yet',
    });
    expect(declined.body).toMatchObject({
      state: 'declined',
      answer: 'not yet',
    });
    const second = await ask('otto', asset);
    const withdraw = (who: string) =>
      portal.as(who).delete(`/access-requests/${second.body.id}`);
    expect((await withdraw('eve')).status).toBe(404);
    expect((await withdraw('maya')).status).toBe(404);
    expect((await withdraw('otto')).status).toBe(204);
    expect(await open('maya', asset.name)).toEqual([]);
    expect(
      (await portal.as('otto').get(`/assets/asked/${asset.name}`)).status,
    ).toBe(404);
  });

  it('are granted once by two who decide at the same moment', async () => {
    const asset = await make();
    const { body: request } = await ask('eve', asset);
    const repository = await DatabaseRepository.create({
      database: { getClient: async () => knex },
    });
    // Both have seen that it is open before either writes.
    let arrived = 0;
    let goOn: () => void;
    const both = new Promise<void>(resolve => {
      goOn = resolve;
    });
    const given: string[] = [];
    const grants: Pick<GrantService, 'create'> = {
      create: async (caller, _request, along) => {
        arrived++;
        if (arrived === 2) goOn();
        await both;
        await repository.transaction(async transaction => along?.(transaction));
        given.push(caller.subject);
        return {} as Grant;
      },
    };
    const service = new AccessRequestService({
      repository,
      assets: { findFor: async () => ({}) } as unknown as AssetService,
      grants: grants as GrantService,
      now: () => new Date().toISOString(),
      createId: () => '',
    });
    const answers = await Promise.allSettled(
      ['maya', 'noor'].map(who =>
        service.decide(
          { subject: `user:default/${who}` } as Caller,
          request.id,
          { granted: true },
        ),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'rejected',
    ]);
    expect(given).toHaveLength(1);
  });

  it('stand once for each person and asset, end by themselves, and are not too many', async () => {
    const asset = await make();
    await ask('eve', { ...asset, reason: 'first' });
    await ask('eve', { ...asset, reason: 'second', role: 'contributor' });
    const [request, ...others] = await open('maya', asset.name);
    expect(others).toEqual([]);
    expect(request).toMatchObject({ reason: 'second', role: 'contributor' });
    await knex('access_requests')
      .where({ id: request.id })
      .update({ created_at: '2026-01-01T00:00:00.000Z' });
    expect(await open('maya', asset.name)).toEqual([]);
    expect((await decide('maya', request.id, { granted: true })).status).toBe(
      404,
    );
    const [own] = (await portal.as('eve').get('/access-requests')).body.items;
    expect(own.state).toBe('ended');
    const statuses = [];
    for (let index = 0; index < 51; index++)
      statuses.push(
        (await ask('eve', { namespace: 'many', name: `n${index}` })).status,
      );
    expect(statuses.filter(status => status === 201)).toHaveLength(50);
    expect(statuses.at(-1)).toBe(409);
  });
});
