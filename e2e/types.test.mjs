/** Asset types as documents: read, tried and changed on the command line and in the portal. */
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

const TYPE = `# A table of samples.
apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata:
  name: sample-table
  title: Sample table
spec:
  visibility: restricted
  protectedAliases: [blessed]
  metadata:
    type: object
    required: [rows]
    properties:
      rows: { type: integer, minimum: 1 }
  stages:
    - { name: draft, initial: true }
    - { name: final, final: true }
`;

describe('asset types', () => {
  let portal;
  const people = {};

  before(async () => {
    portal = await openPortal({
      configuration: {
        assetManager: {
          validateResponses: true,
          types: [
            path.join(
              folderOf({
                'filed.yaml': TYPE.replace('sample-table', 'filed').replace(
                  'Sample',
                  'Filed',
                ),
              }),
              'filed.yaml',
            ),
          ],
        },
      },
    });
    for (const name of ['maya', 'otto', 'lin']) {
      people[name] = personAt(portal, name);
      await people[name].signIn();
    }
  });

  after(async () => {
    await browser?.close();
    await portal?.close();
  });

  it('are documents that are tried, applied, and kept from revision to revision', async () => {
    const { lin, maya } = people;
    const folder = folderOf({
      'good.yaml': TYPE,
      'wrong.yaml': TYPE.replace('restricted', 'secret'),
    });
    const file = name => path.join(folder, name);
    const wrong = await maya.asset('type', 'lint', file('wrong.yaml'));
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.stdout,
      /wrong\.yaml:8: \/spec\/visibility it must be one of public, internal/,
    );
    assert.match(
      await maya.ok('type', 'lint', file('good.yaml')),
      /can be applied/,
    );
    const refused = await maya.asset('type', 'apply', file('good.yaml'));
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /takes an admin of type:sample-table/);
    assert.match(
      await lin.ok('type', 'apply', file('good.yaml'), '--reason', 'for them'),
      /sample-table is at revision 1/,
    );
    assert.match(
      await lin.ok('type', 'apply', file('good.yaml')),
      /says this already, as revision 1/,
    );
    assert.equal(await maya.ok('type', 'show', 'sample-table'), TYPE);
    assert.match(
      await maya.ok('type', 'list'),
      /sample-table +Sample table +1 +people +draft → final/,
    );
    assert.match(
      await maya.ok('type', 'history', 'sample-table'),
      /1 +\d{4}-\d\d-\d\d +lin +people +sha256:[0-9a-f]{12} +for them/,
    );
    const filed = await lin.json('type', 'show', 'filed');
    assert.equal(filed.source, 'configuration');
    assert.equal(filed.mayChange, false);
  });

  it('are what a push is held to, before the first byte', async () => {
    const { maya, otto } = people;
    const files = folderOf({ 'samples.csv': 'id\n1\n' });
    const push = (...more) =>
      maya.asset('push', files, 'data/samples', '-t', 'sample-table', ...more);
    const without = await push();
    assert.equal(without.code, 2);
    assert.match(without.stderr, /must have required property 'rows'/);
    assert.equal((await push('--meta', 'rows=none')).code, 2);
    assert.equal((await push('--meta', 'rows=1')).code, 0);
    // What is on the card of an asset that stands, a push does not change.
    const visible = await push('--meta', 'rows=1', '--visibility', 'public');
    assert.equal(visible.code, 5);
    assert.match(visible.stderr, /a push does not change its visibility/);
    assert.equal(
      (await push('--meta', 'rows=1', '--owner', 'team-signal')).code,
      0,
    );
    // The type says who sees it.
    assert.equal((await otto.asset('show', 'data/samples')).code, 4);
    await maya.ok(
      'access',
      'grant',
      'data/samples',
      'contributor',
      'user:otto',
    );
    const set = await otto.asset('alias', 'set', 'data/samples@1', 'blessed');
    assert.equal(set.code, 4);
    assert.match(set.stderr, /the type sample-table protects it/);
    await otto.ok('alias', 'set', 'data/samples@1', 'candidate');
    await maya.ok('alias', 'set', 'data/samples@1', 'blessed');
  });

  inBrowser('are read and changed in the portal', async () => {
    const page = await pageOf(browser, portal, 'lin');
    await page.getByRole('link', { name: 'Asset types' }).click();
    const row = page.getByRole('row', { name: /Sample table.*draft → final/ });
    await row.waitFor();
    await picture(page, 'asset-types');
    await row.getByRole('link', { name: 'Sample table' }).click();
    await page.getByText('# A table of samples.').waitFor();
    await page.getByRole('button', { name: 'Change' }).click();
    const text = page.getByLabel('Document');
    await text.fill(TYPE.replace('minimum: 1', 'minimun: 1'));
    await page
      .getByText(/Line 1\d: \/spec\/metadata .*unknown keyword: "minimun"/)
      .waitFor();
    const leads = page.getByRole('table', { name: 'What leads where' });
    const apply = page.getByRole('button', { name: 'Apply' });
    assert.equal(await apply.isDisabled(), true);
    await text.fill(TYPE.replace('minimum: 1', 'minimum: 2'));
    await page.getByText('Nothing is wrong with it.').waitFor();
    await leads.getByRole('row', { name: /^draft – ?$|draft .*–/ }).waitFor();
    await page.getByLabel('Reason').fill('one is none');
    await picture(page, 'asset-type');
    await apply.click();
    await page.getByRole('row', { name: /2 .*Lin.*one is none/i }).waitFor();
    const { revision, spec } = await people.maya.json(
      ...['type', 'show', 'sample-table'],
    );
    assert.equal(revision, 2);
    assert.equal(spec.metadata.properties.rows.minimum, 2);
    const former = await people.maya.ok(
      ...['type', 'show', 'sample-table', '--revision', '1'],
    );
    assert.equal(former, TYPE);
    assert.deepEqual(page.foreignRequests, []);
    await page.context().close();

    const reader = await pageOf(browser, portal, 'otto');
    await reader.goto(`${portal.url}/assets/types?type=sample-table`);
    await reader.getByText('takes an admin of type:sample-table').waitFor();
    assert.equal(
      await reader.getByRole('button', { name: 'Change' }).count(),
      0,
    );
    await reader.goto(`${portal.url}/assets/types?type=nothing`);
    await reader.getByText('there is no asset type nothing').waitFor();
    await reader.context().close();
  });

  it('are drafted by one and published by another', async () => {
    const { maya, lin } = people;
    const paired = (visibility = 'internal') =>
      path.join(
        folderOf({
          'paired.yaml': TYPE.replace('sample-table', 'paired').replace(
            'visibility: restricted',
            `visibility: ${visibility}\n  fourEyes: true\n  viewers: [{ files: '*.json', viewer: text }]`,
          ),
        }),
        'paired.yaml',
      );
    await lin.ok('type', 'apply', paired());
    await lin.ok('access', 'grant', 'type:paired', 'admin', 'user:maya');
    const direct = await maya.asset('type', 'apply', paired('public'));
    assert.equal(direct.code, 4);
    assert.match(direct.stderr, /asset type draft FILE/);
    const kept = await maya.asset(
      ...['type', 'draft', paired('public'), '--reason', 'all may see'],
    );
    assert.match(kept.stdout, /paired may follow revision 1/);
    assert.match(kept.stderr, /somebody else publishes it/);
    const own = await maya.asset('type', 'publish', 'paired', '--yes');
    assert.equal(own.code, 4);
    assert.match(own.stderr, /maya wrote it/);
    const shown = await lin.ok('type', 'show', 'paired', '--draft');
    assert.match(shown, /visibility: public/);
    const published = await lin.asset('type', 'publish', 'paired', '--yes');
    assert.match(published.stderr, /maya wrote it on .*: all may see/);
    assert.match(published.stderr, /0 versions looked at/);
    assert.match(published.stdout, /paired is at revision 2/);
    assert.match(
      await lin.ok('type', 'history', 'paired'),
      /2 .*maya, published by lin .*all may see/,
    );
    assert.equal((await lin.asset('type', 'discard', 'paired')).code, 4);
    await maya.ok('type', 'draft', paired('restricted'));
  });

  inBrowser(
    'are published in the portal, by whoever did not write them',
    async () => {
      const writer = await pageOf(browser, portal, 'maya');
      const address = `${portal.url}/assets/types?type=paired`;
      await writer.goto(address);
      const own = writer.getByRole('region', { name: 'Draft' });
      await own.getByText('somebody else has to publish it').waitFor();
      await own.getByRole('button', { name: 'Look at it' }).click();
      await own.getByText('0 versions looked at').waitFor();
      assert.equal(
        await own.getByRole('button', { name: 'Publish' }).isDisabled(),
        true,
      );
      await writer.getByRole('button', { name: 'Change' }).click();
      assert.equal(
        await writer.getByRole('button', { name: 'Apply' }).count(),
        0,
      );
      const text = writer.getByLabel('Document');
      await text.fill(
        (await text.inputValue()).replace('rows: {', 'rows: {  '),
      );
      await writer.context().close();

      const page = await pageOf(browser, portal, 'lin');
      await page.goto(address);
      const draft = page.getByRole('region', { name: 'Draft' });
      await draft.getByRole('button', { name: 'Look at it' }).click();
      await draft.getByText('visibility: restricted').waitFor();
      await picture(page, 'draft');
      await draft.getByRole('button', { name: 'Publish' }).click();
      await draft.waitFor({ state: 'detached' });
      await page
        .getByRole('row', { name: /^3 .*Maya.*published by.*Lin/ })
        .waitFor();
      assert.deepEqual(page.problems, []);
      await page.context().close();
    },
  );

  inBrowser(
    'say with which viewer files open, and what a name meant at a time',
    async () => {
      const { maya } = people;
      for (const note of ['one', 'two'])
        await maya.ok(
          ...[
            'push',
            folderOf({ 'a.json': `{"note":"${note}"}` }),
            'data/seen',
          ],
          ...['--type', 'paired', '--meta', 'rows=3'],
          ...['--alias', 'best', '--visibility', 'internal'],
        );
      const { items } = await maya.json('alias', 'history', 'data/seen');
      const between = new Date(
        (Date.parse(items[0].at) + Date.parse(items.at(-1).at)) / 2,
      );
      const page = await pageOf(browser, portal, 'maya');
      await page.goto(`${portal.url}/assets/data/seen/files?file=a.json`);
      await page.getByRole('button', { name: 'Open with Text' }).waitFor();
      await page
        .getByRole('button', { name: 'Which version was it then?' })
        .click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('An alias, a stage, or latest').fill('best');
      // Fields know no time zone: the page's own is meant.
      const local = await page.evaluate(
        time =>
          new Date(time - new Date(time).getTimezoneOffset() * 60_000)
            .toISOString()
            .slice(0, 23),
        between.getTime(),
      );
      await dialog.getByLabel('When').fill(local);
      await dialog.getByRole('button', { name: 'Show it' }).click();
      await page.getByText(/'best' meant version 1/).waitFor();
      await page.getByRole('button', { name: 'Back to now' }).click();
      await page
        .getByText(/'best' meant version 1/)
        .waitFor({ state: 'detached' });
      await page.context().close();
      const listed = await maya.ok(
        'list',
        'data/',
        '--as-of',
        between.toISOString(),
      );
      assert.match(listed, /data\/seen +paired +1 /);
      assert.equal((await maya.asset('list', '--as-of', 'monday')).code, 2);
    },
  );

  it('keep what was retracted from everybody, also where it is cached', async () => {
    const { maya, otto, lin } = people;
    const strict = TYPE.replace('sample-table', 'strict').replace(
      'visibility: restricted',
      'visibility: internal\n  retracted: refuse',
    );
    const file = path.join(folderOf({ 'strict.yaml': strict }), 'strict.yaml');
    await lin.ok('type', 'apply', file);
    await maya.ok(
      ...['push', folderOf({ 'a.txt': 'swapped' }), 'data/strict'],
      ...['--type', 'strict', '--meta', 'rows=3'],
    );
    const out = path.join(temporaryFolder('strict'), 'out');
    await otto.ok('pull', 'data/strict@1', '-o', out);
    await otto.ok('pull', 'data/strict@1', '-o', `${out}2`);
    await maya.ok('retract', 'data/strict@1', '--reason', 'swapped');
    const refused = await otto.asset('pull', 'data/strict@1', '-o', `${out}3`);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /retracted by .*maya: swapped/);
    assert.equal(fs.existsSync(path.join(`${out}3`, 'a.txt')), false);
  });

  it('lead versions from stage to stage, for those who may', async () => {
    const { maya, otto, lin } = people;
    // The rules of models without what they ask for on the way: e2e/approvals has that.
    const { spec } = await lin.json('type', 'show', 'ml-model');
    for (const stage of spec.stages) delete stage.requires;
    for (const way of spec.transitions) {
      delete way.gates;
      if (way.to === 'certified') way.role = 'approver';
    }
    const document = JSON.stringify({
      apiVersion: 'baseasset.io/v1alpha1',
      kind: 'AssetType',
      metadata: { name: 'plain-model' },
      spec,
    });
    const file = path.join(folderOf({ 'type.json': document }), 'type.json');
    await lin.ok('type', 'apply', file);
    for (const text of ['one', 'two'])
      await maya.ok(
        ...['push', folderOf({ 'model.bin': text }), 'models/life'],
        ...['--type', 'plain-model'],
      );
    assert.equal((await maya.json('show', 'models/life@1')).stage, 'created');
    const promote = (person, ref, to, ...more) =>
      person.asset('promote', ref, '--to', to, ...more);
    const skipped = await promote(maya, 'models/life@1', 'production');
    assert.equal(skipped.code, 5);
    assert.match(skipped.stderr, /it could go to staging, archived/);
    const without = await maya.asset('promote', 'models/life@1');
    assert.equal(without.code, 2);
    assert.match(without.stderr, /staging, which takes the role contributor/);
    assert.match(
      await maya.ok('promote', 'models/life@1', '--to', 'staging'),
      /models\/life@1 {2}created → staging/,
    );
    await maya.ok('promote', 'models/life@staging', '--to', 'validation');
    const certify = await promote(maya, 'models/life@1', 'certified');
    assert.equal(certify.code, 4);
    assert.match(certify.stderr, /takes the role approver/);
    await lin.ok('access', 'grant', 'models/life', 'approver', 'user:otto');
    assert.equal((await promote(otto, 'models/life@1', 'certified')).code, 2);
    await otto.ok(
      ...['promote', 'models/life@1', '--to', 'certified'],
      ...['--reason', 'met the criteria', '--from', 'validation'],
    );
    await maya.ok('promote', 'models/life@1', '--to', 'production');
    const target = path.join(temporaryFolder('life'), 'out');
    await otto.ok('pull', 'models/life@production', '-o', target);
    assert.equal(
      fs.readFileSync(path.join(target, 'model.bin'), 'utf8'),
      'one',
    );
    const [{ at }] = (await otto.json('stage', 'history', 'models/life')).items;
    const before = new Date(Date.parse(at) - 1).toISOString();
    const then = (selector, ...more) =>
      otto.asset('show', `models/life@${selector}`, '--as-of', before, ...more);
    assert.equal(
      JSON.parse((await then('certified', '--json')).stdout).label,
      '1',
    );
    const nothing = await then('production');
    assert.equal(nothing.code, 4);
    assert.match(nothing.stderr, /had no version, alias or stage 'production'/);
    assert.equal(
      (await otto.asset('show', 'models/life', '--as-of', 'noon')).code,
      2,
    );
    assert.match(
      await otto.ok('stage', 'show', 'models/life@1'),
      /production, since .*→ withdrawn +maintainer, with a reason.*→ retired/s,
    );
    const { items } = await otto.json('stage', 'history', 'models/life');
    assert.deepEqual(
      items.map(each => each.to),
      ['production', 'certified', 'validation', 'staging'],
    );
    assert.match(
      await otto.ok('stage', 'history', 'models/life@1'),
      /validation → certified +\S+ +otto +plain-model 1 +met the criteria/,
    );
  });

  inBrowser('show where versions stand, and move them', async () => {
    const page = await pageOf(browser, portal, 'maya');
    await page.goto(`${portal.url}/assets/models/life/lifecycle`);
    await page.getByRole('row', { name: /^production In use 1/ }).waitFor();
    const created = page.getByRole('row', { name: /^created .* 2/ });
    await created
      .getByRole('button', { name: 'Move version 2 to another stage' })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Version 2 stands in created').waitFor();
    await dialog.getByRole('radio', { name: 'staging' }).click({ force: true });
    await dialog.getByLabel('Reason, if any').fill('looks good');
    if (process.env.SCREENSHOTS)
      await page.screenshot({
        path: path.join(process.env.SCREENSHOTS, 'move-stage.png'),
      });
    await dialog.getByRole('button', { name: 'Move' }).click();
    await page
      .getByRole('row', { name: /2 created → staging .*looks good/ })
      .waitFor();
    await page.getByRole('row', { name: /^staging .* 2/ }).waitFor();
    await picture(page, 'lifecycle');
    await page
      .getByRole('button', { name: 'Move version 1 to another stage' })
      .click();
    await dialog
      .getByRole('radio', { name: 'withdrawn' })
      .click({ force: true });
    assert.equal(
      await dialog.getByRole('button', { name: 'Move' }).isDisabled(),
      true,
    );
    await dialog.getByLabel('Reason', { exact: true }).fill('fails');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(page.foreignRequests, []);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  it('stand after the portal was started again', async () => {
    await portal.kill();
    await portal.restart();
    const { revision } = await people.maya.json('type', 'show', 'sample-table');
    assert.equal(revision, 2);
  });
});
