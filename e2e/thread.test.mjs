/** The first whole thread: pushed by one person, found, viewed, aliased and pulled by another. */
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
  until,
} from './support.mjs';

const README = '# Base caller\n\nCalls bases from **nanopore** signal.\n';
const HOSTILE =
  '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>';

describe('from a file on disk to an asset page in the portal', () => {
  let portal;
  let browser;
  let missing;
  let maya;
  let otto;

  before(async () => {
    portal = await openPortal();
    maya = personAt(portal, 'maya');
    otto = personAt(portal, 'otto');
    await maya.signIn();
    await otto.signIn();
    ({ browser, missing } = await openBrowser());
    const first = folderOf({
      'README.md': README,
      'config.json': JSON.stringify({
        layers: [{ kind: 'lstm', units: 96 }],
        alphabet: 'ACGT',
      }),
      'weights/w1.bin': Buffer.alloc(100_000, 1),
      'table.csv': 'name,length\nlambda,48502\nphix,5386\n',
      'hostile/page.html': HOSTILE,
      'hostile/README.md': `Hello ${HOSTILE} [link](javascript:alert(1))`,
      'hostile/picture.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><script>parent.window.hacked = true</script><rect width="40" height="40" fill="teal"/></svg>`,
    });
    await maya.ok(
      'push',
      first,
      'models/basecaller',
      '--type',
      'ml-model',
      '--message',
      'the first one',
      '--meta',
      'epochs=3',
      '--alias',
      'champion',
    );
    fs.writeFileSync(
      path.join(first, 'weights/w1.bin'),
      Buffer.alloc(100_000, 2),
    );
    await maya.ok(
      'push',
      first,
      'models/basecaller',
      '--message',
      'more epochs',
      '--meta',
      'epochs=5',
      '--alias',
      'candidate',
    );
  });

  after(async () => {
    await browser?.close();
    await portal?.close();
  });

  const inBrowser = (name, work) =>
    it(name, async t => {
      if (missing) {
        t.skip(`there is no Chromium here: ${missing}`);
        return;
      }
      await work(t);
    });

  it('shows the same to a colleague on the command line', async () => {
    const shown = await otto.json('show', 'models/basecaller');
    assert.equal(shown.versionCount, 2);
    assert.equal(shown.owner, 'group:default/team-signal');
    assert.deepEqual(shown.aliases, [
      { name: 'candidate', label: '2' },
      { name: 'champion', label: '1' },
    ]);
    const diff = await otto.json('diff', 'models/basecaller@1..2');
    assert.deepEqual(
      diff.changes.map(change => [change.kind, change.path]),
      [['changed', 'weights/w1.bin']],
    );
    assert.equal(
      await otto.ok('cat', 'models/basecaller@champion/README.md'),
      README,
    );
    assert.equal(
      (await otto.ok('files', 'models/basecaller')).trim().split('\n').length,
      7,
    );
    assert.deepEqual(
      (await otto.ok('files', 'models/basecaller@1/weights', '--json'))
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).path),
      ['weights/w1.bin'],
    );
    assert.match(
      await otto.ok('list', '--owner', 'team-signal', '--sort', '-updated'),
      /models\/basecaller/,
    );
  });

  it('completes names and versions in the shell', async () => {
    const offered = async (...words) =>
      (await otto.ok('__complete', '--', ...words)).trim().split('\n');
    assert.ok((await offered('show', 'mod')).includes('models/'));
    assert.deepEqual(await offered('show', 'models/base'), [
      'models/basecaller',
    ]);
    assert.deepEqual(await offered('pull', '-o', 'x', 'models/basecaller@c'), [
      'models/basecaller@candidate',
      'models/basecaller@champion',
    ]);
    // A push takes a name alone, and its first word is a file.
    assert.deepEqual(await offered('push', 'models/base'), ['']);
    assert.deepEqual(await offered('push', '.', 'models/basecaller@'), ['']);
  });

  it('opens only what is there', async () => {
    assert.match(
      await otto.ok('open', '--print', 'models/basecaller@1/README.md'),
      /\/assets\/models\/basecaller\/files\?version=1&file=README\.md/,
    );
    for (const reference of [
      'models/nothing',
      'models/basecaller@9',
      'models/basecaller@1/nothing.md',
    ]) {
      const { code } = await otto.asset('open', '--print', reference);
      assert.equal(code, 4, reference);
    }
  });

  it('gives a pull that is verified, byte for byte', async () => {
    const target = path.join(temporaryFolder('pull'), 'model');
    await otto.ok('pull', 'models/basecaller@champion', '-o', target);
    assert.deepEqual(
      fs.readFileSync(path.join(target, 'weights/w1.bin')),
      Buffer.alloc(100_000, 1),
    );
    assert.match(
      await otto.ok('verify', target),
      /is models\/basecaller@1: 7 files match/,
    );
    fs.writeFileSync(path.join(target, 'config.json'), '{}');
    const broken = await otto.asset('verify', target);
    assert.equal(broken.code, 6);
    assert.match(broken.stdout, /changed\s+config\.json/);
  });

  it('brings a pushed asset into the catalog within seconds', async () => {
    const folder = folderOf({ a: 'a' });
    const started = Date.now();
    await maya.ok('push', folder, 'models/quick', '--type', 'ml-model');
    await until(
      async () => {
        const answer = await fetch(
          `${portal.url}/api/catalog/entities/by-name/asset/models/quick`,
          {
            headers: maya.headers(),
          },
        );
        return answer.ok;
      },
      'the entity',
      10,
    );
    assert.ok(Date.now() - started < 10_000);
  });

  inBrowser(
    'lets a colleague find it on the Assets page and read it there',
    async () => {
      const page = await pageOf(browser, portal, 'otto');
      await page
        .getByRole('searchbox', { name: 'Search assets' })
        .fill('basecaller');
      await until(
        async () => page.url().includes('text=basecaller'),
        'the search in the address',
      );
      await page
        .getByRole('row', { name: /basecaller/ })
        .first()
        .click();
      await page.getByRole('heading', { name: 'Base caller' }).waitFor();
      assert.match(page.url(), /\/catalog\/models\/asset\/basecaller/);
      await page.getByText('asset pull models/basecaller@2').first().waitFor();
      await page.getByRole('link', { name: 'Files', exact: true }).click();
      await page.getByRole('treeitem', { name: /config\.json/ }).click();
      await page.getByText('[ 1 item ]').waitFor();
      await page.getByRole('treeitem', { name: /table\.csv/ }).click();
      await page.getByRole('gridcell', { name: '48502' }).waitFor();
      assert.match(page.url(), /file=table\.csv/);
      assert.deepEqual(page.problems, []);
      assert.deepEqual(page.foreignRequests, []);
      await page.context().close();
    },
  );

  inBrowser('walks the tree by keyboard', async () => {
    const page = await pageOf(browser, portal, 'otto');
    await page.goto(`${portal.url}/catalog/models/asset/basecaller/files`);
    await page.getByRole('tree', { name: 'Files' }).focus();
    // hostile, weights, config.json, …: open the second folder and its only file.
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowDown', 'Enter'])
      await page.keyboard.press(key);
    await until(
      async () => page.url().includes('file=weights%2Fw1.bin'),
      'the file in the address',
    );
    await page.getByText(/There is no viewer for it here yet/).waitFor();
    await page.context().close();
  });

  inBrowser(
    'shows old versions with a way back, and compares two',
    async () => {
      const page = await pageOf(browser, portal, 'otto');
      await page.goto(`${portal.url}/assets/models/basecaller?version=1`);
      await page.getByText('This is version 1, and not the latest.').waitFor();
      await page.getByRole('link', { name: 'Versions', exact: true }).click();
      for (const label of ['1', '2']) {
        await page
          .getByRole('checkbox', { name: `Compare version ${label}` })
          .check({ force: true });
      }
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      await until(
        async () => page.url().includes('compare=1..2'),
        'the comparison in the address',
      );
      await page
        .getByText('0 added, 0 removed, 1 changed, 0 renamed, 6 the same')
        .waitFor();
      await page.getByRole('row', { name: /epochs 3 5/ }).waitFor();
      await page.context().close();
    },
  );

  inBrowser('lets an owner move an alias, and nobody else', async () => {
    const page = await pageOf(browser, portal, 'maya');
    await page.goto(`${portal.url}/catalog/models/asset/basecaller/versions`);
    await page
      .getByRole('button', { name: 'Set an alias on version 2' })
      .click();
    await page.getByRole('textbox', { name: 'Alias' }).fill('champion');
    await page
      .getByText('Moves champion from version 1 to version 2.')
      .waitFor();
    await page.getByRole('button', { name: 'Set alias', exact: true }).click();
    await until(async () => {
      const { aliases } = await otto.json('show', 'models/basecaller');
      return aliases.some(
        alias => alias.name === 'champion' && alias.label === '2',
      );
    }, 'the move');
    const history = await otto.json(
      'alias',
      'history',
      'models/basecaller',
      'champion',
    );
    assert.equal(history.items[0].by, 'user:default/maya');
    await page.context().close();
    const refused = await otto.asset(
      'alias',
      'set',
      'models/basecaller@1',
      'champion',
    );
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /group:default\/team-signal/);
  });

  inBrowser('takes a push from the browser', async () => {
    const page = await pageOf(browser, portal, 'maya');
    await page.goto(`${portal.url}/catalog/models/asset/quick/versions`);
    await page
      .getByPlaceholder('What is new? (optional)')
      .fill('from the browser');
    await page.getByLabel('Files to push').setInputFiles([
      { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('one') },
      {
        name: 'two.bin',
        mimeType: 'application/octet-stream',
        buffer: Buffer.alloc(3_000_000, 7),
      },
    ]);
    await page.getByText('This is version 2').waitFor();
    const version = await otto.json('show', 'models/quick@2');
    assert.equal(version.message, 'from the browser');
    assert.equal(version.size, 3_000_003);
    await otto.ok('verify', 'models/quick@2');
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  inBrowser('downloads a file by the browser itself', async () => {
    const page = await pageOf(browser, portal, 'otto');
    await page.goto(
      `${portal.url}/catalog/models/asset/basecaller/files?file=config.json`,
    );
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const download = await waiting;
    assert.equal(download.suggestedFilename(), 'config.json');
    assert.match(fs.readFileSync(await download.path(), 'utf8'), /lstm/);
    await page.context().close();
  });

  inBrowser('runs nothing that stands in a file', async () => {
    const page = await pageOf(browser, portal, 'otto');
    for (const file of [
      'hostile/page.html',
      'hostile/README.md',
      'hostile/picture.svg',
    ]) {
      await page.goto(
        `${
          portal.url
        }/catalog/models/asset/basecaller/files?file=${encodeURIComponent(
          file,
        )}`,
      );
      await page.getByRole('region', { name: file }).waitFor();
      await page.waitForTimeout(1000);
      assert.equal(await page.evaluate(() => window.hacked), undefined, file);
    }
    assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
    await page.context().close();
  });

  inBrowser(
    'keeps a restricted asset from everybody else, and shows it to its owner',
    async () => {
      await maya.ok(
        'push',
        folderOf({ secret: 's' }),
        'models/secret',
        '--type',
        'ml-model',
        '--visibility',
        'restricted',
      );
      const hidden = await otto.asset('show', 'models/secret');
      const absent = await otto.asset('show', 'models/secre7');
      assert.equal(hidden.code, 4);
      assert.equal(
        hidden.stderr.replaceAll('secret', 'X'),
        absent.stderr.replaceAll('secre7', 'X'),
      );
      const mine = await pageOf(browser, portal, 'maya');
      await mine.goto(`${portal.url}/assets/models/secret/files?file=secret`);
      await mine.getByRole('region', { name: 'secret' }).waitFor();
      assert.match(mine.url(), /\/assets\/models\/secret/);
      await mine.context().close();
      const theirs = await pageOf(browser, portal, 'otto');
      await theirs.goto(`${portal.url}/assets/models/secret`);
      await theirs.getByText('Not there').waitFor();
      await theirs.context().close();
    },
  );

  inBrowser(
    'signs a command line in through the browser, and renews the login',
    async () => {
      const page = await pageOf(browser, portal, 'noor');
      const noor = personAt(portal, 'noor');
      const { child, ended } = noor.start(['login', '--no-browser']);
      let said = '';
      child.stderr.on('data', chunk => {
        said += chunk;
      });
      const address = await until(
        async () => /http\S+authorize\S+/.exec(said)?.[0],
        'the address',
      );
      await page.goto(address);
      await page
        .getByRole('button', { name: /authorize|approve|allow/i })
        .click();
      const { code, stdout } = await ended;
      assert.equal(code, 0, said);
      assert.match(stdout, /as user:default\/noor/);
      const file = path.join(noor.home, 'config/baseasset/logins.json');
      assert.equal(fs.statSync(file).mode & 0o077, 0);
      const stored = JSON.parse(fs.readFileSync(file, 'utf8'));
      const [login] = stored.logins;
      assert.equal(login.renewal.kind, 'refresh-token');
      // As if the hour were over.
      fs.writeFileSync(
        file,
        JSON.stringify({
          ...stored,
          logins: [{ ...login, accessToken: 'old', expiresAt: 0 }],
        }),
      );
      assert.equal((await noor.json('whoami')).subject, 'user:default/noor');
      const renewed = JSON.parse(fs.readFileSync(file, 'utf8')).logins[0];
      assert.notEqual(renewed.renewal.refreshToken, login.renewal.refreshToken);
      await noor.ok('logout');
      assert.equal((await noor.asset('whoami')).code, 3);
      await page.context().close();
    },
  );

  inBrowser('is found in the global search', async () => {
    const page = await pageOf(browser, portal, 'otto');
    await until(
      async () => {
        await page.goto(`${portal.url}/search?query=basecaller`);
        await page.waitForTimeout(2000);
        return (
          (await page.getByRole('link', { name: /basecaller/ }).count()) > 0
        );
      },
      'the hit',
      120,
    );
    await page.context().close();
  });

  inBrowser(
    'draws the relations of a declared asset, and takes versions for it',
    async () => {
      const lambda = folderOf({ 'lambda.fa': '>lambda\nACGT\n' });
      await otto.ok('push', lambda, 'genomes/lambda', '--message', 'the first');
      const shown = await otto.json('show', 'genomes/lambda');
      assert.equal(shown.declaration.state, 'accepted');
      assert.equal(shown.title, 'Phage lambda');
      assert.equal(shown.versionCount, 1);
      const page = await pageOf(browser, portal, 'otto');
      await page.goto(`${portal.url}/catalog/genomes/asset/lambda`);
      await page
        .getByText('Read mapper')
        .or(page.getByText('read-mapper'))
        .first()
        .waitFor();
      await page
        .getByText(/consume/i)
        .first()
        .waitFor();
      await page.context().close();
    },
  );

  inBrowser(
    'shows the beginning of a JSON document of 60 MB, and says why no tree',
    async () => {
      const line = `${JSON.stringify({
        name: 'x'.repeat(200),
        values: [1, 2, 3],
      })},\n`;
      const folder = folderOf({
        'huge.json': `[${line.repeat(Math.ceil(60_000_000 / line.length))}0]`,
      });
      await maya.ok('push', folder, 'models/huge', '--type', 'dataset');
      const page = await pageOf(browser, portal, 'otto');
      await page.goto(`${portal.url}/assets/models/huge/files?file=huge.json`);
      await page.getByText(/JSON tree shows files up to 20\.0 MiB/).waitFor();
      await page.getByText(/The first 512\.0 KiB of 5\d\.\d MiB/).waitFor();
      assert.deepEqual(page.problems, []);
      await page.context().close();
    },
  );

  inBrowser(
    'deletes and brings back, on the command line and in the portal',
    async () => {
      const folder = folderOf({ 'a.txt': 'first' });
      await maya.ok('push', folder, 'thread/deleted', '--type', 'dataset');
      fs.writeFileSync(path.join(folder, 'a.txt'), 'second');
      await maya.ok('push', folder, 'thread/deleted');
      const refused = await otto.asset('delete', 'thread/deleted@2');
      assert.equal(refused.code, 4);
      const { code, stdout, stderr } = await maya.asset(
        'delete',
        'thread/deleted@2',
        '--reason',
        'a mistake',
      );
      assert.deepEqual([code, stdout], [0, 'Deleted thread/deleted@2\n']);
      assert.match(stderr, /asset undelete thread\/deleted@2/);
      const cat = await otto.asset('cat', 'thread/deleted@2/a.txt');
      assert.equal(cat.code, 4);
      assert.match(cat.stderr, /was deleted by/);
      assert.equal(
        await otto.ok('cat', 'thread/deleted@latest/a.txt'),
        'first',
      );
      assert.match(await otto.ok('show', 'thread/deleted@2'), /a mistake/);
      assert.equal(
        (await maya.asset('push', folder, 'thread/deleted')).code,
        5,
      );
      const page = await pageOf(browser, portal, 'maya');
      await page.goto(`${portal.url}/assets/thread/deleted?version=2`);
      await page.getByText('This version was deleted').waitFor();
      await page.getByRole('button', { name: 'Bring it back' }).click();
      await until(
        async () =>
          (await otto.asset('cat', 'thread/deleted@2/a.txt')).stdout ===
          'second',
        'the version to be back',
      );
      await page.goto(`${portal.url}/assets/thread/deleted/versions`);
      await page.getByRole('button', { name: 'Delete version 1' }).click();
      await page.getByLabel('Reason').fill('too old');
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByText('deleted', { exact: true }).first().waitFor();
      await until(
        async () =>
          (await maya.json('show', 'thread/deleted@1')).deletion?.reason ===
          'too old',
        'the version to be deleted',
      );
      assert.deepEqual(page.problems, []);
      await page.context().close();

      await maya.ok('delete', 'thread/deleted', '--yes');
      assert.equal((await otto.asset('show', 'thread/deleted')).code, 4);
      await maya.ok('undelete', 'thread/deleted');
      const other = await pageOf(browser, portal, 'otto');
      await other.goto(`${portal.url}/assets/thread/deleted`);
      await other.getByText('How to get it').waitFor();
      assert.equal(
        await other.getByRole('button', { name: 'Delete this asset' }).count(),
        0,
      );
      await other.context().close();
      const again = await pageOf(browser, portal, 'maya');
      await again.goto(`${portal.url}/assets/thread/deleted`);
      await again.getByRole('button', { name: 'Delete this asset' }).click();
      await again.getByLabel('Reason').fill('all wrong');
      await again.getByRole('button', { name: 'Delete', exact: true }).click();
      const row = again
        .getByRole('table', { name: 'Deleted assets' })
        .getByRole('row')
        .filter({ hasText: 'thread/deleted' });
      await row.getByText('all wrong').waitFor();
      assert.equal((await otto.asset('show', 'thread/deleted')).code, 4);
      await picture(again, 'deleted', { fullPage: false });
      await row.getByRole('button', { name: 'Bring it back' }).click();
      await again.getByText('How to get it').waitFor();
      await maya.ok('delete', 'thread/deleted', '--yes');
      await again.goto(`${portal.url}/assets`);
      await again.getByRole('link', { name: /^Deleted/ }).click();
      await row.waitFor();
      assert.deepEqual(again.problems, []);
      await again.context().close();
      assert.match(await maya.ok('undelete'), /thread\/deleted/);
      assert.match(await maya.ok('undelete', 'thread/deleted'), /is back/);
      assert.equal(await otto.ok('cat', 'thread/deleted@2/a.txt'), 'second');
    },
  );

  inBrowser(
    'stays usable at the width of a phone and in the dark',
    async () => {
      const page = await pageOf(browser, portal, 'otto', {
        viewport: { width: 390, height: 844 },
        colorScheme: 'dark',
      });
      await page.goto(
        `${portal.url}/catalog/models/asset/basecaller/files?file=config.json`,
      );
      await page.getByText('[ 1 item ]').waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      await picture(page, 'phone', { fullPage: false });
      assert.ok(overflow <= 1, `the page is ${overflow} pixels too wide`);
      await page.context().close();
    },
  );
});
