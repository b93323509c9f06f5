/** What versions were made of: on the command line, as a gate and in the portal. */
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
} from './support.mjs';

const { browser, missing } = await openBrowser();
if (missing) console.error(`SKIPPED: what happens in a browser: ${missing}`);
const inBrowser = (name, work) => it(name, { skip: missing }, work);

const TYPE = {
  'type.yaml': `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: traced }
spec:
  stages: [{ name: draft, initial: true }, { name: fit, title: Fit for use }]
  transitions:
    - from: [draft]
      to: fit
      gates: [{ name: upstream, kind: inputs, stages: [published] }]
`,
};

describe('lineage', () => {
  let portal;
  const people = {};

  before(async () => {
    portal = await openPortal({
      configuration: { assetManager: { validateResponses: true } },
    });
    for (const name of ['maya', 'otto', 'lin']) {
      people[name] = personAt(portal, name);
      await people[name].signIn();
    }
    const { maya, lin } = people;
    await lin.ok('type', 'apply', path.join(folderOf(TYPE), 'type.yaml'));
    for (const name of ['data/raw', 'data/reads', 'data/hidden'])
      await maya.ok(
        ...['push', folderOf({ 'a.txt': name }), name, '--type', 'dataset'],
        ...(name === 'data/hidden' ? ['--visibility', 'restricted'] : []),
      );
  });

  after(async () => {
    await portal?.close();
    await browser?.close();
  });

  it('a push says what it was made of, and says it once', async () => {
    const { maya } = people;
    const line = [
      ...['push', folderOf({ 'model.bin': 'weights' }), 'models/traced'],
      ...['--type', 'traced', '--input', 'train=data/reads@1'],
    ];
    const first = await maya.asset(...line, '-i', 'data/hidden@1');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /made of data\/reads@1 \(train\)/);
    const again = await maya.json(...line, '-i', 'data/hidden@1');
    assert.equal(again.state, 'unchanged');
    const { runs, edges } = await maya.json('lineage', 'models/traced@1');
    assert.deepEqual(
      [runs.map(run => run.id), edges.length],
      [[again.run.id], 3],
    );
  });

  it('what moves is no input, and nothing is sent before that is found', async () => {
    const { maya } = people;
    const folder = folderOf({ 'model.bin': 'other' });
    for (const [input, why] of [
      ['data/reads@latest', /if it was 1: --input data\/reads@1/],
      ['train=data/reads', /--input train=data\/reads@1/],
      ['data/reads@1/a.txt', /names a file/],
      [`${'x'.repeat(64)}=data/reads@1`, /63 letters at most/],
    ]) {
      const { code, stderr } = await maya.asset(
        ...['push', folder, 'models/none', '--input', input],
      );
      assert.equal(code, 2);
      assert.match(stderr, why);
    }
    const lost = await maya.asset(
      ...['push', folder, 'models/none', '--input', 'data/nothing@1'],
    );
    assert.equal(lost.code, 4);
    assert.equal((await maya.asset('show', 'models/none')).code, 4);
  });

  it('a pipeline tells of a run, and secrets stay with it', async () => {
    const { maya } = people;
    const run = {
      id: 'e2e-run-0001',
      job: 'reads/clean',
      command: ['clean', '--token', 'hush-hush'],
      parameters: { minimum: 7 },
      inputs: [{ ref: 'data/raw@1', role: 'raw', confidence: 'captured' }],
      outputs: [{ ref: 'data/reads@1' }],
    };
    const file = path.join(
      folderOf({ 'run.json': JSON.stringify(run) }),
      'run.json',
    );
    const { stdout, stderr } = await maya.asset('runs', 'record', file);
    assert.match(stdout, /job +reads\/clean/);
    assert.match(stderr, /look like secrets: --token/);
    const shown = await maya.ok('runs', 'show', run.id);
    assert.match(shown, /read +data\/raw@1 {2}\(raw\) {2}captured/);
    assert.ok(!shown.includes('hush-hush'));
    for (const [text, code] of [
      ['no JSON', 2],
      ['[]', 2],
      ['{}', 2],
      [JSON.stringify({ ...run, inputs: [] }), 5],
    ]) {
      fs.writeFileSync(file, text);
      assert.equal((await maya.asset('runs', 'record', file)).code, code, text);
    }
    fs.writeFileSync(
      file,
      `{"parameters":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`,
    );
    const deep = await maya.asset('runs', 'record', file);
    assert.equal(deep.code, 2);
    assert.match(deep.stderr, /deeper than 200 levels/);
    assert.equal((await maya.asset('runs', 'show', 'nothing')).code, 4);
  });

  it('the graph reads as a tree, without what one may not see', async () => {
    const { maya, otto } = people;
    const tree = await maya.ok('lineage', 'models/traced@1', '--upstream');
    assert.match(tree, /models\/traced@1 {2}draft/);
    assert.match(tree, /← data\/reads@1 {2}created {2}\(train\)/);
    assert.match(tree, /← data\/hidden@1/);
    assert.match(tree, / {6}reads\/clean .*by maya/);
    assert.match(tree, / {8}← data\/raw@1/);
    const other = await otto.ok('lineage', 'models/traced@1');
    assert.ok(!other.includes('hidden'));
    assert.match(other, /used for:\n {2}nothing was made of it yet/);
    const down = await otto.ok('lineage', 'data/raw@1', '--downstream');
    assert.match(down, /→ models\/traced@1/);
    assert.equal(
      (await maya.asset('lineage', 'data/raw', '--depth', '0')).code,
      2,
    );
  });

  it('a version waits for what it was made of', async () => {
    const { maya, otto } = people;
    const { state } = await maya.json(
      ...['promote', 'models/traced@1', '--to', 'fit'],
    );
    assert.equal(state, 'open');
    const waits = await otto.ok('stage', 'show', 'models/traced@1');
    assert.match(waits, /not all of its inputs stand in published/);
    assert.ok(!waits.includes('hidden'));
    for (const ref of ['data/reads@1', 'data/hidden@1'])
      await maya.ok('promote', ref, '--to', 'published');
    assert.equal((await maya.json('show', 'models/traced@1')).stage, 'fit');
  });

  inBrowser('the portal draws it, and shows the run', async () => {
    const page = await pageOf(browser, portal, 'Maya');
    await page.goto(`${portal.url}/assets/models/traced/lineage`);
    const graph = page.getByRole('figure', {
      name: /Lineage of models\/traced/,
    });
    await graph.getByText('data/reads@1').waitFor();
    await graph.getByText('data/raw@1').waitFor();
    await picture(page, 'lineage');
    await page
      .getByRole('table', { name: 'Runs' })
      .getByRole('link', { name: 'reads/clean' })
      .click();
    const run = page.getByRole('table', { name: 'Run', exact: true });
    await run.getByText('minimum = 7').waitFor();
    assert.match(page.url(), /run=e2e-run-0001/);
    await picture(page, 'run');
    await page.getByRole('button', { name: 'Close' }).click();
    await run.waitFor({ state: 'detached' });
    await graph.getByRole('link', { name: /data\/raw@1/ }).click();
    await page
      .getByRole('figure', { name: /Lineage of data\/raw/ })
      .getByText('models/traced@1')
      .waitFor();
    await page.goto(`${portal.url}/assets/models/traced/lifecycle`);
    const map = page.getByRole('figure', { name: /Stages of the type/ });
    await map.getByText('Fit for use').waitFor();
    await picture(page, 'stage-map');
    await page.goto(
      `${portal.url}/assets/data/hidden/lineage?direction=upstream`,
    );
    await page.getByText('Nobody has said what it was made of.').waitFor();
    assert.deepEqual(page.foreignRequests, []);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});
