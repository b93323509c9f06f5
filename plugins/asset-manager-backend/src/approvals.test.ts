import { TestDatabases } from '@backstage/backend-test-utils';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import type { TransitionRequest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(240_000);

const TYPE = (
  name: string,
  gates: string,
  { live = 'live', more = '' } = {},
) => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: ${name} }
spec:
  stages: [{ name: draft, initial: true }, { name: ${live} }, { name: side }]
  transitions:
    - { from: [draft], to: ${live}, role: contributor, gates: [${gates}] }
    - { from: [draft], to: side, role: contributor }
    - { from: [side], to: draft, role: contributor }
${more}`;
const ONE = `{ name: qa, kind: approvals, from: ['group:default/qa'] }`;
const OTHER = `{ name: other, kind: approvals, from: ['group:default/qa'] }`;
const TWO = `{ name: qa, kind: approvals, from: ['group:default/qa'], count: 2 }`;
const ROLE = `{ name: qa, kind: approvals }`;

const PEOPLE = {
  maya: ['team', 'qa'],
  tim: ['team'],
  quinn: ['qa'],
  rita: ['qa'],
  pia: ['qa'],
  otto: ['team'],
  ada: ['admins'],
  dora: ['qa'],
  zoe: [],
};

/** Ways round an approval: none of them may lead a version to `live`. */
describe.each(databases.eachSupportedId())(
  'ways round an approval on %p',
  databaseId => {
    let portal: TestPortal;
    let knex: Knex;
    let count = 0;

    beforeAll(async () => {
      knex = await databases.init(databaseId);
      portal = await TestPortal.start({
        knex,
        groups: [{ name: 'team' }, { name: 'admins' }, { name: 'qa' }],
        people: PEOPLE,
        configuration: { administrators: ['group:default/admins'] },
        policy: {
          handle: async ({ permission }, user) => ({
            result:
              permission.name === 'asset.approve' &&
              user?.info.userEntityRef === 'user:default/pia'
                ? AuthorizeResult.DENY
                : AuthorizeResult.ALLOW,
          }),
        },
      });
    });

    afterEach(() => {
      for (const [name, groups] of Object.entries(PEOPLE))
        portal.setGroups(name, groups);
    });
    afterAll(() => portal?.stop());

    const admin = (path: string, body: object) =>
      portal.as('ada').post(path).send(body);

    const rules = async (type: string, document: string) => {
      const { status, body } = await admin('/asset-types', { document });
      expect(`${type} ${status} ${body.detail ?? ''}`).toContain('20');
    };

    const grant = async (principal: string, role: string, more = {}) => {
      const { status, body } = await admin('/grants', {
        principal,
        role,
        scope: 'everything',
        ...more,
      });
      expect(status).toBe(201);
      return body.id as string;
    };

    /** A type of its own for each way, with a version that tim pushed and maya asks to move. */
    async function set(options: {
      gates?: string;
      asks?: string | false;
      visibility?: string;
      pushes?: string;
    }) {
      const { gates = ONE, asks = 'tim', pushes = 'tim' } = options;
      const type = `way-${count++}`;
      await rules(type, TYPE(type, gates));
      const asset = { namespace: 'ways', name: type };
      const url = `/assets/ways/${type}`;
      await portal
        .as('tim')
        .post('/assets')
        .send({ ...asset, type, visibility: options.visibility });
      const pushed = await portal.push(pushes, url, { text: type });
      expect(pushed.status).toBe(201);
      const version = `${url}/versions/1`;
      let request: TransitionRequest | undefined;
      if (asks !== false) {
        const { body } = await portal
          .as(asks)
          .post(`${version}/transitions`)
          .send({ to: 'live' });
        expect(body.state).toBe('open');
        request = body.request;
      }
      return {
        type,
        url,
        version,
        request: request!,
        scope: `asset:ways/${type}`,
      };
    }

    const approve = async (
      who: string,
      request: TransitionRequest,
      more: object = {},
    ) =>
      (
        await portal
          .as(who)
          .post(`/transition-requests/${request.id}/decisions`)
          .send({ decision: 'approve', payload: request.payload, ...more })
      ).status;

    const see = async (request: TransitionRequest) =>
      (await portal.as('tim').get(`/transition-requests/${request.id}`))
        .body as TransitionRequest;

    const ask = (version: string, who = 'tim', to = 'live') =>
      portal.as(who).post(`${version}/transitions`).send({ to });

    const stageOf = async (version: string) =>
      (await portal.as('tim').get(version)).body.stage;

    /** A service account of the team with a token that somebody made. */
    async function account(maker: string) {
      const name = `bot-${count++}`;
      await portal
        .as(maker)
        .post('/service-accounts')
        .send({ name, description: 'ci', owner: 'group:default/team' });
      const { status, body } = await portal
        .as(maker)
        .post(`/service-accounts/${name}/tokens`)
        .send({});
      expect(status).toBe(201);
      await grant(`service:default/${name}`, 'contributor');
      return { name, actor: `external:asset-manager:${name}/${body.id}` };
    }

    it('lets one through that is as it has to be', async () => {
      const { version, request } = await set({});
      expect(await approve('quinn', request)).toBe(201);
      expect(await stageOf(version)).toBe('live');
    });

    const WAYS: Record<string, () => Promise<string>> = {
      'one’s own request': async () => {
        const { version, request } = await set({
          asks: 'maya',
          pushes: 'otto',
        });
        expect(await approve('maya', request)).toBe(403);
        return version;
      },
      'one’s own version': async () => {
        const { version, request } = await set({ pushes: 'maya' });
        expect(await approve('maya', request)).toBe(403);
        return version;
      },
      'one’s own run': async () => {
        const { version, request, url, scope } = await set({});
        await grant('user:default/quinn', 'contributor', { scope });
        const run = await portal
          .as('quinn')
          .post('/runs')
          .send({
            inputs: [],
            outputs: [{ ref: `${url.slice('/assets/'.length)}@1` }],
          });
        expect(run.status).toBe(201);
        expect(await approve('quinn', request)).toBe(403);
        return version;
      },
      'one’s own run, recorded after the approval': async () => {
        const { version, request, url, scope } = await set({ gates: TWO });
        expect(await approve('quinn', request)).toBe(201);
        const ended = await grant('user:default/quinn', 'contributor', {
          scope,
        });
        await portal
          .as('quinn')
          .post('/runs')
          .send({
            inputs: [],
            outputs: [{ ref: `${url.slice('/assets/'.length)}@1` }],
          });
        await portal.as('ada').delete(`/grants/${ended}`);
        expect(await approve('rita', request)).toBe(201);
        const { decisions } = await see(request);
        expect(decisions[0].void).toContain('ran what made the version');
        return version;
      },
      'the person for whom an account ran it': async () => {
        const { version, request, url } = await set({});
        const { actor } = await account('tim');
        const run = await portal
          .as(actor)
          .post('/runs')
          .send({
            onBehalfOf: 'user:default/quinn',
            inputs: [],
            outputs: [{ ref: `${url.slice('/assets/'.length)}@1` }],
          });
        expect(run.status).toBe(201);
        expect(await approve('quinn', request)).toBe(403);
        return version;
      },
      'a service account in the group': async () => {
        const { version, request } = await set({ gates: ROLE });
        const { actor, name } = await account('maya');
        await grant(`service:default/${name}`, 'reader');
        const { status } = await portal
          .as(actor)
          .post(`/transition-requests/${request.id}/decisions`)
          .send({ decision: 'approve', payload: request.payload });
        expect(status).toBe(403);
        return version;
      },
      'the holder of the token that asked': async () => {
        const { version } = await set({ asks: false });
        const { actor } = await account('maya');
        const { body } = await portal
          .as(actor)
          .post(`${version}/transitions`)
          .send({ to: 'live' });
        expect(body.state).toBe('open');
        expect(await approve('maya', body.request)).toBe(403);
        return version;
      },
      'nobody at all': async () => {
        const { version, request } = await set({});
        const { status } = await portal
          .as(undefined)
          .post(`/transition-requests/${request.id}/decisions`)
          .send({ decision: 'approve', payload: request.payload });
        expect(status).toBe(401);
        return version;
      },
      'the same person twice': async () => {
        const { version, request } = await set({ gates: TWO });
        expect(await approve('quinn', request)).toBe(201);
        expect(await approve('quinn', request)).toBe(409);
        return version;
      },
      'the same person twice at once': async () => {
        const { version, request } = await set({ gates: TWO });
        await Promise.all([1, 2, 3].map(() => approve('quinn', request)));
        return version;
      },
      'the same person at two gates': async () => {
        const { version, request } = await set({ gates: `${ONE}, ${OTHER}` });
        expect(await approve('quinn', request, { gate: 'qa' })).toBe(201);
        expect(await approve('quinn', request, { gate: 'other' })).toBe(409);
        return version;
      },
      'somebody of another group': async () => {
        const { version, request } = await set({});
        expect(await approve('otto', request)).toBe(403);
        return version;
      },
      'somebody who has left the group': async () => {
        const { version, request } = await set({});
        portal.setGroups('quinn', []);
        expect(await approve('quinn', request)).toBe(403);
        return version;
      },
      'somebody who leaves the group after the approval': async () => {
        const { version, request } = await set({ gates: TWO });
        expect(await approve('quinn', request)).toBe(201);
        portal.setGroups('quinn', []);
        expect(await approve('rita', request)).toBe(201);
        const { decisions } = await see(request);
        expect(decisions.map(each => each.void)).toEqual([
          expect.stringContaining('none of those any more'),
          undefined,
        ]);
        return version;
      },
      'an administrator, who is no approver': async () => {
        const { version, request } = await set({ gates: ROLE });
        expect(await approve('ada', request)).toBe(403);
        return version;
      },
      'the owner of the asset': async () => {
        const { version, request } = await set({ gates: ROLE });
        expect(await approve('otto', request)).toBe(403);
        return version;
      },
      'an approver who is denied': async () => {
        const { version, request, scope } = await set({ gates: ROLE });
        await grant('user:default/zoe', 'approver', { scope });
        await grant('user:default/zoe', 'approver', { scope, effect: 'deny' });
        expect(await approve('zoe', request)).toBe(403);
        return version;
      },
      'one of the group who is denied': async () => {
        const { version, request, scope } = await set({});
        await grant('user:default/dora', 'approver', { scope, effect: 'deny' });
        await grant('user:default/dora', 'approver', { scope });
        expect(await approve('dora', request)).toBe(403);
        return version;
      },
      'an approver whose grant ends after the approval': async () => {
        const gates = `{ name: qa, kind: approvals, count: 2 }`;
        const { version, request, scope } = await set({ gates });
        const id = await grant('user:default/zoe', 'approver', { scope });
        await grant('user:default/rita', 'approver', { scope });
        expect(await approve('zoe', request)).toBe(201);
        await portal.as('ada').delete(`/grants/${id}`).send();
        expect(await approve('rita', request)).toBe(201);
        return version;
      },
      'one whom the portal’s policy refuses': async () => {
        const { version, request } = await set({});
        expect(await approve('pia', request)).toBe(403);
        return version;
      },
      'one who can not see the asset': async () => {
        const { version, request } = await set({ visibility: 'restricted' });
        expect(await approve('quinn', request)).toBe(404);
        return version;
      },
      'a look with somebody else’s eyes': async () => {
        const { version, request } = await set({});
        const { status } = await portal
          .as('ada')
          .post(`/transition-requests/${request.id}/decisions`)
          .set('Asset-Manager-View-As', 'user:default/quinn')
          .send({ decision: 'approve', payload: request.payload });
        expect(status).toBe(403);
        return version;
      },
      'another payload': async () => {
        const { version, request } = await set({});
        const payload = `sha256:${'0'.repeat(64)}`;
        expect(await approve('quinn', request, { payload })).toBe(409);
        return version;
      },
      'the payload of another request': async () => {
        const { version, request } = await set({});
        const { payload } = (await set({})).request;
        expect(await approve('quinn', request, { payload })).toBe(409);
        return version;
      },
      'another meaning': async () => {
        const { version, request } = await set({});
        const meaning = 'I have not looked at it';
        expect(await approve('quinn', request, { meaning })).toBe(409);
        return version;
      },
      'an approval of a request that was withdrawn': async () => {
        const { version, request } = await set({ gates: TWO });
        await approve('quinn', request);
        await portal
          .as('tim')
          .delete(`/transition-requests/${request.id}`)
          .send();
        expect(await approve('rita', request)).toBe(409);
        const { body } = await ask(version);
        // The voice of the former request does not count for the next one.
        expect(await approve('rita', body.request)).toBe(201);
        return version;
      },
      'an approval of a request that was rejected': async () => {
        const { version, request } = await set({ gates: TWO });
        await approve('quinn', request, { decision: 'reject', comment: 'no' });
        expect(await approve('rita', request)).toBe(409);
        return version;
      },
      'a version that went and came back': async () => {
        const { version, request } = await set({ gates: TWO });
        await approve('quinn', request);
        await ask(version, 'tim', 'side');
        await ask(version, 'tim', 'draft');
        expect(await approve('rita', request)).toBe(409);
        const { body } = await ask(version);
        expect(await approve('rita', body.request)).toBe(201);
        return version;
      },
      'metadata that changed after an approval': async () => {
        const { version, request, type } = await set({ gates: TWO });
        await approve('quinn', request);
        const asset = await knex('assets').where({ name: type }).first();
        await knex('versions')
          .where({ asset_id: asset.id })
          .update({ metadata: JSON.stringify({ accuracy: 1 }) });
        expect(await approve('rita', request)).toBe(409);
        const { decisions, payload } = await see(request);
        expect(decisions[0].void).toContain('changed after it');
        expect(await approve('rita', request, { payload })).toBe(201);
        return version;
      },
      'rules that changed after an approval': async () => {
        const { version, request, type } = await set({ gates: TWO });
        await approve('quinn', request);
        await rules(type, TYPE(type, `${TWO}, ${OTHER}`));
        expect((await see(request)).decisions[0].void).toBeDefined();
        expect(await approve('rita', request)).toBe(409);
        return version;
      },
      'rules that changed, and changed back': async () => {
        const { version, request, type } = await set({ gates: TWO });
        await approve('quinn', request);
        await rules(type, TYPE(type, ONE));
        await rules(type, TYPE(type, TWO));
        const { payload } = await see(request);
        expect(await approve('rita', request, { payload })).toBe(201);
        return version;
      },
      'a stage that was renamed': async () => {
        const { version, request, type } = await set({});
        await rules(type, TYPE(type, ONE, { live: 'released' }));
        const now = await see(request);
        expect(now.blocked).toContain("no stage 'live'");
        expect(await approve('quinn', now)).toBe(409);
        return version;
      },
      'an asset that got another type': async () => {
        const { version, request, type } = await set({ gates: TWO });
        await approve('quinn', request);
        const easy = `easy-${count++}`;
        await rules(easy, TYPE(easy, ONE));
        await knex('assets').where({ name: type }).update({ type: easy });
        const now = await see(request);
        expect(now.decisions[0].void).toContain('changed after it');
        expect(now.gates[0].state).toBe('waiting');
        return version;
      },
      'a requester who lost the role': async () => {
        const { version, request } = await set({});
        portal.setGroups('tim', []);
        expect(await approve('quinn', request)).toBe(201);
        expect((await see(request)).blocked).toContain('takes the role');
        return version;
      },
      'an approver who asks for it in the place of the requester': async () => {
        const { version, request } = await set({});
        await grant('user:default/quinn', 'contributor');
        portal.setGroups('tim', []);
        expect(await approve('quinn', request)).toBe(201);
        expect((await ask(version, 'quinn')).status).toBe(409);
        return version;
      },
      'a version that was deleted': async () => {
        const { version, request } = await set({});
        const deletion = await portal
          .as('tim')
          .put(`${version}/deletion`)
          .send({});
        expect(deletion.status).toBe(200);
        expect(await approve('quinn', request)).toBe(409);
        await portal.as('tim').delete(`${version}/deletion`).send();
        return version;
      },
      'a waiver by the one who asks': async () => {
        const gates = `{ name: acc, kind: check, check: accuracy, waiver: contributor }`;
        const { version, request } = await set({ gates });
        const waiver = { decision: 'waive', gate: 'acc', comment: 'hurry' };
        expect(await approve('tim', request, waiver)).toBe(403);
        return version;
      },
      'an alias with the name of the stage': async () => {
        const { version, url } = await set({});
        const { status } = await portal
          .as('tim')
          .put(`${url}/aliases/live`)
          .send({ version: '1' });
        expect(status).toBe(400);
        return version;
      },
      'a rule whose expression goes wrong': async () => {
        const gates = `{ name: odd, kind: cel, expression: 'checks.nothing.status == "passed"' }`;
        const { version, request } = await set({ gates });
        expect(request.gates[0].state).toBe('failed');
        return version;
      },
    };

    it.each(Object.keys(WAYS))('holds against %s', async way => {
      const version = await WAYS[way]();
      expect((await portal.as('ada').get(`${version}/stage`)).body.stage).toBe(
        'draft',
      );
    });
  },
);
