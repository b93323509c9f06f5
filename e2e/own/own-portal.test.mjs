/** A portal that exists already, with the asset manager added from the tarballs alone. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildOwnPortal } from '../../scripts/lib/ownPortal.mjs';
import { pack } from '../../scripts/lib/pack.mjs';
import { startPortal } from '../../scripts/lib/portal.mjs';
import { freePort } from '../../scripts/lib/postgres.mjs';
import {
  folderOf,
  openBrowser,
  temporaryFolder,
  tools,
  until,
} from '../support.mjs';

describe('a portal of our own, from the tarballs', () => {
  let tarballs;
  let own;
  let portal;
  let token;

  before(async () => {
    tarballs = pack(tools, temporaryFolder('tarballs'));
    own = buildOwnPortal(tools, tarballs);
    portal = await startPortal({
      tools,
      port: await freePort(),
      dataDirectory: temporaryFolder('own-data'),
      directory: own.directory,
      configs: [path.join(own.checkout, 'app-config.yaml')],
      environment: { NODE_ENV: 'production' },
    });
    const answer = await fetch(`${portal.url}/api/auth/guest/refresh`, {
      headers: { 'x-requested-with': 'XMLHttpRequest' },
    });
    token = (await answer.json()).backstageIdentity.token;
  });

  after(async () => {
    await portal?.stop();
    if (own) fs.rmSync(own.checkout, { recursive: true, force: true });
  });

  /** The command line as it is installed from its own tarball, with nothing else. */
  const asset = (...args) => {
    const folder = temporaryFolder('cli');
    execFileSync('tar', ['xzf', tarballs['@baseasset/cli'], '-C', folder]);
    return execFileSync(
      process.env.HOST_NODE ?? process.execPath,
      [path.join(folder, 'package/bin/asset.cjs'), ...args],
      {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          ASSET_SERVER: portal.url,
          ASSET_TOKEN: token,
        },
      },
    );
  };

  it('installs a command line that needs nothing beside it', () => {
    assert.match(asset('--help'), /asset: models, genomes and data sets/);
    const listed = execFileSync('tar', ['tzf', tarballs['@baseasset/cli']], {
      encoding: 'utf8',
    });
    assert.deepEqual(listed.trim().split('\n').sort(), [
      'package/bin/asset.cjs',
      'package/dist/asset.cjs',
      'package/package.json',
    ]);
  });

  it('takes a push, and has it in its catalog', async () => {
    asset(
      'push',
      folderOf({ 'README.md': '# Hello' }),
      'own/first',
      '--type',
      'dataset',
      '--owner',
      'user:default/guest',
    );
    await until(async () => {
      const answer = await fetch(
        `${portal.url}/api/catalog/entities/by-name/asset/own/first`,
        {
          headers: { Authorization: `Bearer ${token}` },
        },
      );
      return answer.ok;
    }, 'the entity');
  });

  it('has the commands in the Backstage CLI, by its module', () => {
    const { checkout } = own;
    const listed = execFileSync(
      tools.node,
      [
        path.join(checkout, 'node_modules/@backstage/cli/bin/backstage-cli'),
        'asset',
        'list',
        '--json',
      ],
      {
        cwd: checkout,
        encoding: 'utf8',
        env: {
          ...tools.env,
          HOME: temporaryFolder('home'),
          ASSET_SERVER: portal.url,
          ASSET_TOKEN: token,
        },
      },
    );
    assert.equal(JSON.parse(listed).items[0].name, 'first');
  });

  it('shows its pages', async t => {
    const { browser, missing } = await openBrowser();
    if (missing) {
      t.skip(`there is no Chromium here: ${missing}`);
      return;
    }
    t.after(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${portal.url}/assets`);
    const enter = page.getByRole('button', { name: /enter/i });
    await enter
      .or(page.getByRole('heading', { name: 'Assets' }))
      .first()
      .waitFor();
    if (await enter.count()) await enter.click();
    await page.getByRole('row', { name: /first/ }).first().click();
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    assert.match(page.url(), /\/catalog\/own\/asset\/first/);
  });
});
