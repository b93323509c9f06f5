/** Who may see and do what: grants given and ended on the command line and in the portal. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  folderOf,
  openBrowser,
  openPortal,
  pageOf,
  personAt,
  picture,
  temporaryFolder,
} from './support.mjs';

const { browser, missing } = await openBrowser();
if (missing) console.error(`SKIPPED: what happens in a browser: ${missing}`);
const inBrowser = (name, work) => it(name, { skip: missing }, work);

const NOT_THERE = /there is no asset secret\/plans that you may read/;

describe('access', () => {
  let portal;
  const people = {};

  before(async () => {
    portal = await openPortal();
    for (const name of ['maya', 'otto', 'lin']) {
      people[name] = personAt(portal, name);
      await people[name].signIn();
    }
    await people.maya.ok(
      ...['push', folderOf({ 'plan.md': '# Plan' }), 'secret/plans'],
      ...['--type', 'generic', '--visibility', 'restricted'],
    );
  });

  after(async () => {
    await browser?.close();
    await portal?.close();
  });

  it('shows nothing of a restricted asset to whoever has no grant', async () => {
    const { otto } = people;
    const { code, stderr } = await otto.asset('show', 'secret/plans');
    assert.equal(code, 4);
    assert.match(stderr, NOT_THERE);
    const { items } = await otto.json('list');
    assert.ok(!items.some(each => each.namespace === 'secret'));
  });

  it('gives a role for a time, says why, and takes it back', async () => {
    const { maya, otto } = people;
    const grant = await maya.json(
      ...['access', 'grant', 'secret/plans', 'reader', 'user:otto'],
      ...['--for', '30d', '--reason', 'reviews it'],
    );
    assert.equal(grant.principal, 'user:default/otto');
    const days = (Date.parse(grant.expiresAt) - Date.now()) / 86_400_000;
    assert.ok(days > 29.9 && days <= 30);
    const target = path.join(temporaryFolder('pull'), 'out');
    await otto.ok('pull', 'secret/plans', '-o', target);
    assert.equal(
      fs.readFileSync(path.join(target, 'plan.md'), 'utf8'),
      '# Plan',
    );
    assert.match(
      await otto.ok('access', 'explain', 'secret/plans'),
      /reader {2}otto is granted reader at asset:secret\/plans .*\nmay: see, download\nmay not: push to/s,
    );
    const push = await otto.asset(
      'push',
      folderOf({ 'plan.md': 'x' }),
      'secret/plans',
    );
    assert.equal(push.code, 4);
    assert.match(push.stderr, /may not push to secret\/plans.*ask group/);
    assert.match(
      await maya.ok('access', 'list', 'secret/plans'),
      /owned by team-signal.*restricted\n.*reader +otto +asset:secret\/plans .*reviews it/s,
    );
    const others = await otto.asset('access', 'list', 'secret/plans');
    assert.equal(others.code, 4);
    await maya.ok('access', 'revoke', grant.id);
    assert.match((await otto.asset('show', 'secret/plans')).stderr, NOT_THERE);
  });

  it('lets nobody give what they lack, and says so', async () => {
    const { maya, lin } = people;
    const admin = await maya.asset(
      ...['access', 'grant', 'secret/plans', 'admin', 'user:otto'],
    );
    assert.equal(admin.code, 4);
    assert.match(admin.stderr, /may not give the role admin at/);
    const wrong = await maya.asset(
      ...['access', 'grant', 'secret/plans', 'boss', 'user:otto'],
    );
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /'boss' is no role; there are reader/);
    const nobody = await maya.asset(
      ...['access', 'grant', 'secret/plans', 'reader', 'user:nobody'],
    );
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /there is no user:default\/nobody/);
    // An administrator of the portal gives roles everywhere.
    const { id } = await lin.json(
      ...['access', 'grant', 'namespace:secret', 'contributor', 'team-genome'],
    );
    const { items } = await lin.json('access', 'list', 'namespace:secret');
    assert.deepEqual(
      items.map(each => each.id),
      [id],
    );
    await people.otto.ok(
      ...['push', folderOf({ 'plan.md': '# Better' }), 'secret/plans'],
    );
    await lin.ok('access', 'revoke', id);
  });

  it('makes grants as a file says, and says before what it would do', async () => {
    const { lin } = people;
    const folder = folderOf({
      'access.yaml': `scopes:
  namespace:filed:
    - { role: contributor, principal: team-genome, reason: from Git }
    - { deny: contributor, principal: user:otto }
`,
      'none.yaml': 'scopes: { "namespace:filed": [] }',
    });
    const apply = (name, ...options) =>
      lin.ok('access', 'apply', path.join(folder, name), ...options);
    const plan =
      '+ not contributor otto at namespace:filed\n+ contributor team-genome at namespace:filed\n';
    const count = async () =>
      (await lin.json('access', 'list', 'namespace:filed')).items.length;
    assert.equal(await apply('access.yaml', '--dry-run'), plan);
    assert.equal(await count(), 0);
    assert.equal(await apply('access.yaml'), plan);
    assert.equal(await count(), 2);
    assert.equal(await apply('access.yaml'), '');
    assert.match(await apply('none.yaml'), /^- .*\n- .*\n$/);
    assert.equal(await count(), 0);
    const missing = await lin.asset('access', 'apply', 'nothing.yaml');
    assert.equal(missing.code, 2);
  });

  it('lets a CI job push with a token of a service account, until it is revoked', async () => {
    const { maya, lin } = people;
    await maya.ok('service-account', 'create', 'nightly');
    await lin.ok(
      ...['access', 'grant', 'namespace:nightly', 'contributor'],
      'service:nightly',
    );
    const { token, id } = await maya.json(
      ...['service-token', 'create', 'nightly', '--for', '30d'],
    );
    assert.match(token, /^bsa_/);
    const job = personAt(portal, 'job');
    job.env.ASSET_TOKEN = token;
    const me = await job.json('whoami');
    assert.equal(me.subject, 'service:default/nightly');
    const files = folderOf({ 'model.bin': 'weights' });
    await job.ok('push', files, 'nightly/model', '--type', 'ml-model');
    const made = await maya.json('show', 'nightly/model');
    assert.equal(made.owner, 'group:default/team-signal');
    assert.equal(made.createdBy, 'service:default/nightly');
    // What is internal is for people, and what its group may is not its own.
    assert.equal((await job.asset('show', 'secret/plans')).code, 4);
    assert.equal(
      (await job.asset('push', files, 'elsewhere/model', '-t', 'generic')).code,
      4,
    );
    const [listed] = (await maya.json('service-token', 'list', 'nightly'))
      .items;
    assert.ok(listed.lastUsedAt);
    assert.equal(listed.token, undefined);
    // What it was exchanged for opens the asset manager, and nothing else.
    const exchanged = await fetch(`${portal.url}/api/asset-manager/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        subject_token: token,
      }),
    });
    const headers = {
      Authorization: `Bearer ${(await exchanged.json()).access_token}`,
    };
    const ask = async path =>
      (await fetch(`${portal.url}/api/${path}`, { headers })).status;
    assert.equal(await ask('asset-manager/assets'), 200);
    assert.equal(await ask('catalog/entities'), 403);
    const rotate = (...more) =>
      maya.json('service-token', 'rotate', 'nightly', id, ...more);
    const next = await rotate('--overlap', '1h');
    await job.ok('list');
    job.env.ASSET_TOKEN = next.token;
    await job.ok('list');
    await rotate();
    assert.equal(await ask('asset-manager/assets'), 401);
    const late = await maya.asset('service-token', 'rotate', 'nightly', id);
    assert.equal(late.code, 4);
    await job.ok('list');
    await maya.ok('service-token', 'revoke', 'nightly', next.id);
    const after = await job.asset('list');
    assert.equal(after.code, 3);
    assert.match(after.stderr, /the token is unknown, revoked, or has ended/);
    assert.ok(!portal.log().includes(token.slice(31)));
    assert.ok(!portal.log().includes(headers.Authorization.slice(7, 60)));
  });

  it('gives a cookie nothing but the files that a link leads to, and those for as long as one may', async () => {
    const { maya, otto } = people;
    const api = `${portal.url}/api/asset-manager`;
    const issued = await fetch(`${api}/.backstage/auth/v1/cookie`, {
      headers: otto.headers(),
    });
    assert.equal(issued.status, 200);
    const [setCookie] = issued.headers.getSetCookie();
    assert.match(setCookie, /HttpOnly/i);
    const headers = { Cookie: setCookie.split(';')[0] };
    const file = `${api}/assets/secret/plans/versions/1/files/plan.md`;
    const read = async () => (await fetch(file, { headers })).status;
    assert.equal(await read(), 404);
    const { id } = await maya.json(
      ...['access', 'grant', 'secret/plans', 'reader', 'user:otto'],
    );
    assert.equal(await read(), 200);
    // Backstage sends it with requests of other sites, too.
    for (const [method, url] of [
      ['POST', '/assets'],
      ['PUT', '/assets/secret/plans/deletion'],
      ['PUT', '/assets/secret/plans/aliases/x'],
      ['POST', '/grants'],
      ['POST', '/service-accounts'],
      ['GET', '/assets'],
      ['GET', '/whoami'],
      ['GET', '/assets/secret/plans/versions/1'],
    ]) {
      for (const type of ['application/json', 'text/plain']) {
        const { status } = await fetch(`${api}${url}`, {
          method,
          headers: { ...headers, 'Content-Type': type },
          body: method === 'GET' ? undefined : '{}',
        });
        assert.equal(status, 401, `${method} ${url} as ${type}`);
      }
    }
    await maya.ok('access', 'revoke', id);
    assert.equal(await read(), 404);
  });

  inBrowser('gives and ends access on the tab Access', async () => {
    const page = await pageOf(browser, portal, 'maya');
    await page.goto(`${portal.url}/assets/secret/plans/access`);
    await page.getByText('There are no grants').waitFor();
    const who = page.getByRole('combobox', {
      name: /^Person, group or account/,
    });
    await who.fill('otto');
    await page.getByRole('option', { name: /Otto Brandt/ }).click();
    await page.getByLabel('Reason').fill('reads along');
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    const row = page.getByRole('row', { name: /otto.*reader.*reads along/i });
    await row.waitFor();
    const asked = page.getByRole('combobox', { name: 'What may this person' });
    await asked.fill('otto');
    await page.getByRole('option', { name: /Otto Brandt/ }).click();
    await page.getByText('May see, download.').waitFor();
    await picture(page, 'access');

    const reader = await pageOf(browser, portal, 'otto');
    await reader.goto(`${portal.url}/assets/secret/plans/access`);
    await reader.getByText('Who else has access is shown').waitFor();
    await reader.getByText('otto was granted reader').waitFor();

    await row.getByRole('button', { name: /^End reader/ }).click();
    await page.getByText('There are no grants').waitFor();
    await reader.goto(`${portal.url}/assets/secret/plans`);
    await reader.getByText(NOT_THERE).waitFor();
    for (const each of [page, reader]) {
      assert.deepEqual(each.foreignRequests, []);
      await each.context().close();
    }
  });

  inBrowser(
    'asks for access where nothing is shown, and is granted it',
    async () => {
      const { otto, maya } = people;
      const asks = await otto.asset('access', 'request', 'secret/nothing');
      assert.equal(asks.code, 2);
      const reader = await pageOf(browser, portal, 'otto');
      await reader.goto(`${portal.url}/assets/secret/plans`);
      await reader.getByText(NOT_THERE).waitFor();
      await reader.getByLabel('Reason').fill('I review it');
      await reader.getByRole('button', { name: 'Ask for access' }).click();
      await reader.getByText('Your request is on its way').waitFor();
      const [own] = (await otto.json('access', 'requests')).items;
      assert.equal(own.state, 'open');
      assert.match(
        await maya.ok('access', 'requests', 'secret/plans'),
        /otto +reader +30d .*open +I review it/,
      );
      const page = await pageOf(browser, portal, 'maya');
      await page.goto(`${portal.url}/assets/secret/plans/access`);
      await page.getByRole('row', { name: /otto.*I review it/i }).waitFor();
      await picture(page, 'access-request');
      await page
        .getByRole('button', { name: 'Grant user:default/otto' })
        .click();
      await page.getByRole('button', { name: /^End reader/ }).waitFor();
      await reader.reload();
      await reader.getByRole('button', { name: 'Use it' }).waitFor();
      const [after] = (await otto.json('access', 'requests')).items;
      assert.equal(after.state, 'granted');
      for (const each of [page, reader]) {
        assert.deepEqual(each.foreignRequests, []);
        await each.context().close();
      }
    },
  );

  inBrowser('gives a role for a whole namespace', async () => {
    const page = await pageOf(browser, portal, 'lin');
    await page.goto(`${portal.url}/assets/access`);
    await page.getByRole('textbox', { name: 'Name' }).fill('shared');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('There are no grants').waitFor();
    await page
      .getByRole('combobox', { name: /^Person, group or account/ })
      .fill('genome');
    await page.getByRole('option', { name: /Team Genome/ }).click();
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    await page
      .getByRole('row', { name: /genome.*reader.*all of shared/i })
      .waitFor();
    await picture(page, 'scope-access');
    await page.getByRole('button', { name: /^End reader/ }).click();
    await page.getByText('There are no grants').waitFor();
    await page.context().close();
    const stranger = await pageOf(browser, portal, 'otto');
    await stranger.goto(`${portal.url}/assets/access?scope=namespace:shared`);
    await stranger.getByText('may not see who has access').waitFor();
    await stranger.context().close();
  });

  inBrowser('shows an administrator what somebody else sees', async () => {
    const page = await pageOf(browser, portal, 'lin');
    await page.goto(`${portal.url}/assets/secret/plans`);
    await page.getByRole('button', { name: 'Use it' }).waitFor();
    await page.goto(`${portal.url}/assets/access`);
    const who = page.getByRole('combobox', { name: 'Whose eyes' });
    await who.fill('genome');
    await page.getByRole('option', { name: /Team Genome/ }).click();
    await page.getByRole('button', { name: 'View as' }).click();
    await page.getByText('shown as group:default/team-genome sees').waitFor();
    await page.getByRole('heading', { name: 'Assets' }).waitFor();
    await page.goto(`${portal.url}/assets/secret/plans`);
    await page.getByText(NOT_THERE).waitFor();
    await picture(page, 'view-as');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Use it' }).waitFor();
    await page.context().close();
    const other = await pageOf(browser, portal, 'maya');
    await other.goto(`${portal.url}/assets/access`);
    await other.getByRole('button', { name: 'Show', exact: true }).waitFor();
    assert.equal(await other.getByText('Whose eyes').count(), 0);
    await other.context().close();
  });

  inBrowser(
    'makes a service account with a token that is shown once',
    async () => {
      const page = await pageOf(browser, portal, 'maya');
      await page.getByRole('link', { name: 'Service accounts' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Weekly');
      await page.getByText('lowercase letters').waitFor();
      await page.getByRole('textbox', { name: 'Name' }).fill('weekly');
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByText('It has no token yet.').waitFor();
      await page
        .getByRole('textbox', { name: 'Where it is used' })
        .fill('cron');
      await page.getByRole('button', { name: 'New token' }).click();
      const text = await page.getByText(/^bsa_/).textContent();
      await page.getByRole('row', { name: /cron.*never.*in force/ }).waitFor();
      const job = personAt(portal, 'weekly');
      job.env.ASSET_TOKEN = text.trim();
      await job.ok('list');
      await picture(page, 'service-accounts');
      await page.reload();
      await page.getByRole('button', { name: 'Tokens of weekly' }).click();
      await page.getByRole('row', { name: /cron/ }).waitFor();
      assert.equal(await page.getByText(/^bsa_/).count(), 0);
      await page.getByRole('button', { name: 'Rotate cron' }).click();
      await page.getByText(/^bsa_/).waitFor();
      const rows = page.getByRole('row', { name: /cron.*in force/ });
      await rows.nth(1).waitFor();
      await rows.nth(1).getByRole('button', { name: 'Revoke cron' }).click();
      await page.getByRole('row', { name: /cron.*revoked/ }).waitFor();
      assert.equal((await job.asset('list')).code, 3);
      assert.deepEqual(page.foreignRequests, []);
      await page.context().close();
    },
  );
});
