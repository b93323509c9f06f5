/** What gates ask for, and who lets a version pass: on the command line and in the portal. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import { createServer } from 'node:http';
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
  until,
} from './support.mjs';

const { browser, missing } = await openBrowser();
if (missing) console.error(`SKIPPED: what happens in a browser: ${missing}`);
const inBrowser = (name, work) => it(name, { skip: missing }, work);

const MODEL = 'models/gated';

describe('gates and approvals', () => {
  let portal;
  const people = {};

  /** What came to a webhook. */
  const heard = [];
  const listener = createServer((req, res) => {
    let body = '';
    req.on('data', chunk => {
      body += chunk;
    });
    req.on('end', () => {
      heard.push({ signature: req.headers['asset-manager-signature'], body });
      res.end();
    });
  });

  before(async () => {
    await new Promise(resolve => {
      listener.listen(0, '127.0.0.1', resolve);
    });
    portal = await openPortal({
      configuration: {
        assetManager: {
          validateResponses: true,
          auditors: ['user:default/noor'],
          checkWebhooks: [{ name: 'ci', secret: 'shared', account: 'ci' }],
          webhooks: [
            {
              name: 'deploy',
              url: `http://127.0.0.1:${listener.address().port}/`,
              secret: 'shared',
              actions: ['version.moved'],
            },
          ],
        },
      },
    });
    for (const name of ['maya', 'otto', 'lin', 'noor']) {
      people[name] = personAt(portal, name);
      await people[name].signIn();
    }
    const { maya, lin } = people;
    for (const text of ['one', 'two'])
      await maya.ok(
        ...['push', folderOf({ 'model.bin': text }), MODEL],
        ...['--type', 'ml-model', '--meta', 'intendedUse=calls bases'],
      );
    await maya.ok(
      ...['push', folderOf({ 'model.bin': 'bare' }), 'models/bare'],
      ...['--type', 'ml-model'],
    );
    await lin.ok('access', 'grant', MODEL, 'approver', 'user:otto');
  });

  after(async () => {
    listener.closeAllConnections();
    listener.close();
    await portal?.close();
    await browser?.close();
  });

  it('say what is missing, and let pass what has all', async () => {
    const { maya } = people;
    await maya.ok('promote', 'models/bare@1', '--to', 'staging');
    const bare = await maya.ok(
      ...['promote', 'models/bare@1', '--to', 'validation'],
    );
    assert.match(bare, /failed .*asks for metadata that is missing: intended/);
    for (const label of ['1', '2'])
      for (const stage of ['staging', 'validation'])
        await maya.ok('promote', `${MODEL}@${label}`, '--to', stage);
    assert.equal((await maya.json('show', `${MODEL}@1`)).stage, 'validation');
    const shown = await maya.ok('stage', 'show', `${MODEL}@1`);
    assert.match(shown, /certified {2}maintainer, with a reason, you may/);
    assert.match(shown, /waiting +validation +the check 'validation' is not/);
    assert.match(shown, /waiting +quality +0 of 1 approvals by approvers/);
  });

  it('wait for a check and for somebody else, and then the version moves by itself', async () => {
    const { maya, otto, noor } = people;
    const asked = await maya.ok(
      ...['promote', `${MODEL}@1`, '--to', 'certified'],
      ...['--reason', 'protocol 12'],
    );
    assert.match(asked, /gated@1 {2}validation → certified/);
    assert.match(asked, /open, asked for by maya/);
    const again = await maya.asset(
      ...['promote', `${MODEL}@1`, '--to', 'certified', '--reason', 'x'],
    );
    assert.equal(again.code, 5);
    assert.match(again.stderr, /asked already/);

    const report = folderOf({ 'report.json': '{"accuracy": 0.991}' });
    const check = (...more) =>
      maya.asset('check', `${MODEL}@1`, '--name', 'validation', ...more);
    assert.equal((await check()).code, 2);
    assert.equal((await check('--status', 'good')).code, 2);
    const missingFile = await check(
      ...['--status', 'passed', '--evidence', 'nowhere.json'],
    );
    assert.match(missingFile.stderr, /nowhere.json can't be read/);
    assert.equal((await check('--status', 'failed')).code, 0);
    assert.match(
      await maya.ok('stage', 'show', `${MODEL}@1`),
      /failed +validation +the check 'validation' failed/,
    );
    await check(
      ...['--status', 'passed', '--summary', '0.991'],
      ...['--evidence', path.join(report, 'report.json')],
    );
    assert.match(
      await noor.ok('checks', `${MODEL}@1`),
      /validation +passed +\S+ +maya +0.991 +sha256:/,
    );

    const waiting = await otto.asset('approvals');
    assert.match(waiting.stdout, /0 of 1 approvals by approvers/);
    assert.match(waiting.stderr, /asset approve models\/gated@1/);
    assert.match((await noor.asset('approvals')).stderr, /Nothing waits/);
    assert.equal((await maya.asset('approve', `${MODEL}@1`, '-y')).code, 4);
    const unsure = await otto.asset('approve', `${MODEL}@1`);
    assert.equal(unsure.code, 2);
    assert.match(unsure.stderr, /confirmed by a person/);
    assert.match(
      await otto.ok('approve', `${MODEL}@1`, '--yes', '--comment', 'fine'),
      /moved, asked for by maya.*passed +quality +approved by user:default\/otto/s,
    );
    const { items } = await noor.json('stage', 'history', MODEL);
    assert.equal(items[0].by, 'user:default/maya');
    assert.equal(items[0].reason, 'protocol 12');
    assert.deepEqual(
      items[0].gates.map(({ name, state }) => `${name} ${state}`),
      ['intact passed', 'validation passed', 'quality passed'],
    );
    assert.match(items[0].decisions[0].meaning, /fit for its intended use/);
    assert.match(
      await noor.ok('stage', 'history', MODEL),
      /validation → certified .* protocol 12 +otto/,
    );
    assert.match(await noor.ok('approvals', MODEL), /moved, asked for by maya/);
    const nothing = await otto.asset('approve', `${MODEL}@1`, '--yes');
    assert.equal(nothing.code, 4);
    assert.match(nothing.stderr, /nobody has asked to move/);
  });

  it('are sent to webhooks, and take checks that are signed', async () => {
    const { maya, lin } = people;
    await until(
      async () => heard.some(({ body }) => body.includes('protocol 12')),
      'the move at the webhook',
    );
    const signed = (body, time = Math.floor(Date.now() / 1000)) =>
      `t=${time},v1=${createHmac('sha256', 'shared')
        .update(`${time}.${body}`)
        .digest('hex')}`;
    for (const { signature, body } of heard) {
      const [, time] = /^t=(\d+),/.exec(signature);
      assert.equal(signature, signed(body, time));
      assert.equal(JSON.parse(body).event.action, 'version.moved');
    }
    assert.match(await lin.ok('webhook', 'list'), /deploy +http:\/\/127/);

    await maya.ok('service-account', 'create', 'ci');
    await maya.ok('access', 'grant', MODEL, 'contributor', 'service:ci');
    const send = (body, signature) =>
      fetch(`${portal.url}/api/asset-manager/webhooks/checks/ci`, {
        method: 'POST',
        headers: { 'Asset-Manager-Signature': signature },
        body,
      });
    const body = JSON.stringify({
      version: `${MODEL}@2`,
      name: 'smoke',
      status: 'passed',
    });
    assert.equal((await send(body, signed('other'))).status, 401);
    const signature = signed(body);
    assert.equal((await send(body, signature)).status, 201);
    assert.equal((await send(body, signature)).status, 401);
    assert.match(
      await maya.ok('checks', `${MODEL}@2`),
      /smoke +passed +\S+ +ci/,
    );
  });

  inBrowser('are shown, decided and withdrawn in the portal', async () => {
    const { maya } = people;
    const page = await pageOf(browser, portal, 'maya');
    await page.goto(`${portal.url}/assets/${MODEL}/lifecycle`);
    await page
      .getByRole('button', { name: 'Move version 1 to another stage' })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByRole('radio', { name: 'production' })
      .click({ force: true });
    await dialog.getByText('release: 0 of 1 approvals by approvers').waitFor();
    await picture(page, 'ask-for-it');
    await dialog.getByRole('button', { name: 'Ask for it' }).click();
    const card = page.getByRole('region', { name: 'version 1 to production' });
    await card.getByText('asked for it').waitFor();
    assert.equal(
      await card.getByRole('button', { name: /Approve/ }).count(),
      0,
    );
    await card.getByRole('button', { name: 'Withdraw' }).click();
    await dialog.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('row', { name: /1 certified → production/ }).waitFor();
    assert.deepEqual(page.problems, []);
    await page.context().close();

    await maya.ok('promote', `${MODEL}@1`, '--to', 'production');
    await maya.ok(
      ...['promote', `${MODEL}@2`, '--to', 'certified', '--reason', 'again'],
    );
    const other = await pageOf(browser, portal, 'otto');
    await other.goto(`${portal.url}/assets`);
    await other.getByRole('link', { name: 'Approvals (2)' }).click();
    const first = other.getByRole('region', {
      name: /version 1 to production/,
    });
    await first.waitFor();
    await picture(other, 'approvals');
    await first.getByRole('button', { name: 'Approve release' }).click();
    const asked = other.getByRole('dialog');
    const sure = asked.getByRole('button', { name: 'Approve' });
    assert.equal(await sure.isDisabled(), true);
    await asked
      .getByRole('checkbox', { name: 'I approve that the model is used' })
      .click({ force: true });
    await picture(other, 'approve');
    await sure.click();
    await first.waitFor({ state: 'detached' });

    const second = other.getByRole('region', {
      name: /version 2 to certified/,
    });
    await second.getByText("the check 'validation' is not recorded").waitFor();
    await second.getByRole('button', { name: 'Reject' }).click();
    await asked.getByLabel('Reason').fill('the holdout set is too small');
    await asked.getByRole('button', { name: 'Reject' }).click();
    await other.getByText('Nothing waits for your approval.').waitFor();

    await other.goto(`${portal.url}/assets/${MODEL}/lifecycle`);
    await other.getByRole('row', { name: /^production In use 1/ }).waitFor();
    await other
      .getByRole('row', { name: /validation → certified .*too small/ })
      .waitFor();
    await other
      .getByRole('row', { name: /1 certified → production/ })
      .getByText('1 of 1 gates passed')
      .click();
    await other.getByText('release: approved by user:default/otto').waitFor();
    await picture(other, 'lifecycle');
    assert.deepEqual(other.foreignRequests, []);
    assert.deepEqual(other.problems, []);
    await other.context().close();
  });

  it('let what is missing be added, unless it is frozen, and mark what must not be used', async () => {
    const { maya, otto, lin } = people;
    const ref = 'models/bare@1';
    assert.equal((await otto.asset('edit', ref, '--meta', 'a=b')).code, 4);
    assert.equal((await maya.asset('edit', ref, '--title', 'x')).code, 2);
    assert.equal(
      (await maya.asset('edit', 'models/bare', '-M', 'a=b')).code,
      2,
    );
    await maya.ok('edit', ref, '--meta', 'intendedUse=calls bases');
    // What was missing is there, and the version has moved by itself.
    assert.equal((await maya.json('show', ref)).stage, 'validation');
    const frozen = await maya.asset('edit', `${MODEL}@1`, '--meta', 'a=b');
    assert.equal(frozen.code, 5);
    assert.match(frozen.stderr, /metadata is frozen/);

    assert.equal((await maya.asset('retract', ref)).code, 2);
    await maya.ok('retract', ref, '--reason', 'trained on the test set');
    const out = path.join(temporaryFolder('retracted'), 'out');
    const pulled = await otto.asset('pull', ref, '-o', out);
    assert.equal(pulled.code, 0);
    assert.match(pulled.stderr, /warning: version 1 was retracted by maya/);
    assert.match(
      await otto.ok('show', ref),
      /retracted +on .* by maya: trained/,
    );
    const latest = await otto.asset('pull', 'models/bare', '-o', `${out}2`);
    assert.equal(latest.code, 4);
    assert.match(latest.stderr, /neither deleted nor retracted/);
    await maya.ok('retract', ref, '--undo');

    const id = (await lin.ok('hold', ref, '--reason', 'complaint 17')).trim();
    const refused = await maya.asset('delete', ref, '--yes');
    assert.equal(refused.code, 5);
    assert.match(
      refused.stderr,
      /on hold by user:default\/lin .* complaint 17/,
    );
    assert.match(
      await otto.ok('holds', 'models/bare'),
      /1 +\S+ +lin +complaint/,
    );
    await lin.ok('unhold', 'models/bare', id, '--reason', 'settled');
    await maya.ok('delete', ref, '--yes');
    await maya.ok('undelete', ref);
  });

  inBrowser('are retracted in the portal, and shown as such', async () => {
    const page = await pageOf(browser, portal, 'maya');
    await page.goto(`${portal.url}/assets/models/bare/versions`);
    await page.getByRole('button', { name: 'Retract version 1' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('two samples were swapped');
    await dialog.getByRole('button', { name: 'Retract', exact: true }).click();
    await page.getByText('retracted', { exact: true }).waitFor();
    // The only one, which latest passes over.
    await page.goto(`${portal.url}/assets/models/bare/files`);
    await page
      .getByText(/was retracted on .*: two samples were swapped/)
      .waitFor();
    await picture(page, 'retracted');
    await page.getByRole('button', { name: 'Take that back' }).click();
    await page.getByText(/was retracted on/).waitFor({ state: 'detached' });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  it('leave a trail that is read, taken along and verified offline', async () => {
    const { maya, otto, noor } = people;
    await otto.asset('edit', MODEL, '--title', 'Mine');
    const told = await otto.ok('audit', 'list', MODEL);
    assert.match(
      told,
      /maya +version.moved +models\/gated@1 +stage created → s/,
    );
    assert.match(told, /otto +transition.decided +models\/gated@1 .* fine/);
    assert.equal((await maya.asset('audit', 'list')).code, 4);
    assert.match(
      await noor.ok('audit', 'list', '--outcome', 'denied', '--limit', '500'),
      /otto +denied: updateAsset +models\/gated +.* may not edit/,
    );
    const bad = await noor.asset('audit', 'list', '--since', 'yesterday');
    assert.equal(bad.code, 2);

    const folder = temporaryFolder('audit');
    const file = name => path.join(folder, name);
    assert.equal((await maya.asset('audit', 'export', file('no'))).code, 4);
    const anchor = await noor.ok('audit', 'checkpoint');
    fs.writeFileSync(file('anchor.json'), anchor);
    await noor.ok('audit', 'export', file('trail'));
    assert.equal((await noor.asset('audit', 'export', file('trail'))).code, 1);
    const offline = (...more) =>
      maya.asset('audit', 'verify', file('trail'), ...more);
    const good = await offline('--anchor', file('anchor.json'));
    assert.equal(good.code, 0);
    assert.match(good.stdout, /events in the chain.*intact/s);
    const { publicKey } = JSON.parse(anchor);
    assert.equal((await offline('--key', publicKey)).code, 0);
    const foreign = await offline('--key', 'another');
    assert.equal(foreign.code, 6);
    assert.match(foreign.stdout, /signed by another key/);
    assert.match(await noor.ok('audit', 'verify'), /intact/);

    const trail = fs.readFileSync(file('trail'), 'utf8');
    for (const [what, text, found] of [
      ['changed', trail.replace('protocol 12', 'protocol 13'), /was changed/],
      ['cut off', trail.slice(0, trail.length / 2), /cut off/],
      ['garbage', 'nothing\n', /does not begin as/],
    ]) {
      fs.writeFileSync(file('trail'), text);
      const { code, stdout } = await offline();
      assert.deepEqual([what, code], [what, 6]);
      assert.match(stdout, found);
    }
    fs.writeFileSync(file('anchor.json'), '{}');
    assert.equal((await offline('--anchor', file('anchor.json'))).code, 2);
  });

  inBrowser(
    'show the trail of an asset, and of everything to auditors',
    async () => {
      const page = await pageOf(browser, portal, 'otto');
      await page.goto(`${portal.url}/assets/${MODEL}/activity`);
      await page
        .getByRole('row', {
          name: /version.moved @1 stage: certified production/,
        })
        .waitFor();
      await picture(page, 'activity');
      await page.getByLabel('Who').fill('otto');
      await page
        .getByRole('row', { name: /version.moved/ })
        .first()
        .waitFor({ state: 'detached' });
      await page
        .getByRole('row', { name: /Otto.* transition.decided @1/ })
        .first()
        .waitFor();
      const saving = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      const saved = fs.readFileSync(await (await saving).path(), 'utf8');
      for (const line of saved.trim().split('\n'))
        assert.equal(JSON.parse(line).event.actor, 'user:default/otto');
      await page.goto(`${portal.url}/assets/audit`);
      await page.getByText('only auditors may see the audit trail').waitFor();
      await page.context().close();

      const auditor = await pageOf(browser, portal, 'noor');
      await auditor.goto(`${portal.url}/assets`);
      await auditor.getByRole('link', { name: 'Audit trail' }).click();
      await auditor.getByRole('button', { name: 'Verify' }).click();
      await auditor.getByText(/^Intact: \d+ events in the chain/).waitFor();
      await auditor.getByText('denied', { exact: true }).first().waitFor();
      await picture(auditor, 'audit');
      assert.deepEqual(auditor.foreignRequests, []);
      assert.deepEqual(auditor.problems, []);
      await auditor.context().close();
    },
  );

  inBrowser('are told to those concerned by notifications', async () => {
    const { maya } = people;
    // It has to be open still when its turn comes: what is decided needs nobody any more.
    await maya.ok(
      ...['promote', `${MODEL}@2`, '--to', 'certified'],
      ...['--reason', 'for otto to hear'],
    );
    const page = await pageOf(browser, portal, 'otto');
    await until(async () => {
      await page.goto(`${portal.url}/notifications`);
      return page
        .getByText('for otto to hear')
        .first()
        .waitFor({ timeout: 3000 })
        .then(
          () => true,
          () => false,
        );
    }, 'the notification of an approver');
    await page
      .getByText("maya asks to move models/gated@2 to 'certified'")
      .first()
      .waitFor();
    await picture(page, 'notifications');
    assert.deepEqual(page.foreignRequests, []);
    await page.context().close();
    await maya.ok('withdraw', `${MODEL}@2`);
  });

  it('stand after the portal was ended in the middle', async () => {
    const { maya, otto } = people;
    const asked = ['promote', `${MODEL}@2`, '--to', 'certified'];
    await maya.ok(...asked, '--reason', 'once more');
    await portal.kill();
    await portal.restart();
    await maya.ok(
      ...['check', `${MODEL}@2`, '--name', 'validation', '--status', 'passed'],
    );
    assert.match(
      await otto.ok('approve', `${MODEL}@2`, '--yes'),
      /moved, asked for by maya/,
    );
  });
});
