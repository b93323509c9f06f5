/** Bad input and bad luck: a clear error, nothing lost, nothing half there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../scripts/lib/tools.mjs';
import {
  folderOf,
  openPortal,
  personAt,
  temporaryFolder,
  until,
} from './support.mjs';

const MIB = 1024 * 1024;

function* filesUnder(folder) {
  for (const entry of fs.readdirSync(folder, {
    recursive: true,
    withFileTypes: true,
  })) {
    if (entry.isFile()) yield path.join(entry.parentPath, entry.name);
  }
}

/**
 * A line to a portal on which something happens to the answers that carry files.
 *
 * @param onFile - passes such an answer on
 */
async function proxyTo(portal, onFile) {
  const server = http.createServer((req, res) => {
    const forwarded = http.request(
      new URL(req.url, portal.url),
      { method: req.method, headers: req.headers },
      response => {
        res.writeHead(response.statusCode, response.headers);
        response.on('error', () => {});
        res.once('close', () => forwarded.destroy());
        if (req.url.includes('/files/')) onFile(req, res, response);
        else response.pipe(res);
      },
    );
    forwarded.on('error', () => res.destroy());
    req.pipe(forwarded);
  });
  await new Promise(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    /** What makes the command line of a person take this line. */
    environmentOf: person => ({
      ASSET_SERVER: `http://127.0.0.1:${server.address().port}`,
      ASSET_TOKEN: person.headers().Authorization.slice('Bearer '.length),
    }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Whether the file system of temporary folders tells upper from lower case. */
function keepsCase() {
  const folder = temporaryFolder('case');
  fs.writeFileSync(path.join(folder, 'a'), '');
  return !fs.existsSync(path.join(folder, 'A'));
}

describe('bad input and bad luck', () => {
  let portal;
  let maya;
  let otto;

  before(async () => {
    // Small parts, so that a push takes many steps and can be stopped between them.
    portal = await openPortal({
      configuration: {
        assetManager: { validateResponses: true, uploads: { partSize: MIB } },
      },
    });
    maya = personAt(portal, 'maya');
    otto = personAt(portal, 'otto');
    await maya.signIn();
    await otto.signIn();
  });

  after(() => portal?.close());

  /** A push that has to be refused before anything is created. */
  const refused = async (folder, name, pattern) => {
    const { code, stderr } = await maya.asset(
      'push',
      folder,
      name,
      '--type',
      'dataset',
    );
    assert.notEqual(code, 0);
    assert.match(stderr, pattern);
    assert.equal(
      (await maya.asset('show', name)).code,
      4,
      'the asset must not have been created',
    );
  };

  describe('what can not be in a version', () => {
    it('says which types there are where a type was mistyped', async () => {
      const listed = await maya.asset('list', '--type', 'modell');
      assert.equal(listed.code, 2);
      assert.match(listed.stderr, /no asset type "modell"[^]*ml-model/);
      const folder = folderOf({ a: 'a' });
      const pushed = await maya.asset(
        'push',
        folder,
        'bad/tag',
        '--tag',
        'A B',
      );
      assert.equal(pushed.code, 2);
      assert.match(pushed.stderr, /lowercase letters, digits/);
      const visible = await maya.asset(
        'create',
        'bad/visibility',
        '-t',
        'generic',
        '--visibility',
        'secret',
      );
      assert.equal(visible.code, 2);
      assert.match(visible.stderr, /one of public, internal, restricted/);
    });

    it('refuses a socket', async t => {
      const folder = folderOf({ fine: 'x' });
      const server = net.createServer().listen(path.join(folder, 'socket'));
      t.after(() => server.close());
      await until(
        () => fs.existsSync(path.join(folder, 'socket')),
        'the socket',
      );
      await refused(
        folder,
        'bad/socket',
        /socket.*neither a file nor a folder/,
      );
    });

    it('refuses a link that leads nowhere, out of the folder, or back to itself', async () => {
      for (const [target, pattern] of [
        ['nowhere', /leads nowhere/],
        ['/etc/hostname', /link out of the folder/],
        ['.', /link to a folder that it stands in/],
        ['link', /leads back to itself/],
      ]) {
        const folder = folderOf({ fine: 'x' });
        fs.symlinkSync(target, path.join(folder, 'link'));
        await refused(folder, 'bad/link', pattern);
      }
    });

    it('follows a link that stays inside', async () => {
      const folder = folderOf({ 'a/one': 'x' });
      fs.symlinkSync('a/one', path.join(folder, 'two'));
      await maya.ok('push', folder, 'good/link', '--type', 'dataset');
      assert.equal(await maya.ok('cat', 'good/link@1/two'), 'x');
    });

    it('refuses a file that may not be read', async t => {
      if (process.getuid() === 0) {
        t.skip('root may read everything');
        return;
      }
      const folder = folderOf({ locked: 'x' });
      fs.chmodSync(path.join(folder, 'locked'), 0);
      await refused(folder, 'bad/locked', /may not be read/);
    });

    it('refuses names that a pull could not give back', async () => {
      await refused(
        folderOf({ 'new\nline': 'x' }),
        'bad/newline',
        /control character/,
      );
      await refused(
        folderOf({ 'back\\slash': 'x' }),
        'bad/backslash',
        /backslash/,
      );
      const folder = temporaryFolder('latin');
      fs.writeFileSync(
        Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xe9])]),
        'x',
      );
      await refused(folder, 'bad/latin', /not UTF-8/);
    });

    it('refuses an empty folder', async () => {
      await refused(temporaryFolder('empty'), 'bad/empty', /holds no file/);
    });

    it('warns of twins, and pushes them', async t => {
      if (!keepsCase()) {
        t.skip('this file system takes upper and lower case for the same');
        return;
      }
      const folder = folderOf({
        'Model.bin': '1',
        'model.bin': '2',
        'caf\u00e9': '3',
        'cafe\u0301': '4',
      });
      const { code, stderr } = await maya.asset(
        'push',
        folder,
        'good/twins',
        '--type',
        'dataset',
      );
      assert.equal(code, 0, stderr);
      assert.match(stderr, /upper and lower case/);
      assert.match(stderr, /how their letters are encoded/);
      const target = path.join(temporaryFolder('twins'), 'out');
      await maya.ok('pull', 'good/twins', '-o', target);
      assert.match(await maya.ok('verify', target), /4 files match/);
    });

    it('refuses a file that changes while it is read', async () => {
      const folder = folderOf({});
      const file = path.join(folder, 'growing');
      fs.writeFileSync(file, randomBytes(64 * MIB));
      const timer = setInterval(() => fs.appendFileSync(file, 'x'), 1);
      const { code, stderr } = await maya.asset(
        'push',
        folder,
        'bad/growing',
        '--type',
        'dataset',
      );
      clearInterval(timer);
      assert.notEqual(code, 0);
      assert.match(stderr, /changed while it was/);
    });
  });

  describe('the line', () => {
    it('has stable exit codes', async () => {
      const codes = async (...args) => (await maya.asset(...args)).code;
      assert.equal(await codes('--help'), 0);
      assert.equal(await codes('nothing'), 2);
      assert.equal(await codes('--bogus'), 2);
      assert.equal(await codes('alias'), 2);
      assert.equal(await codes('push', 'x'), 2);
      assert.equal(await codes('show', 'a', '--colour'), 2);
      assert.equal(await codes('show', 'not a name'), 2);
      assert.equal(await codes('show', 'no/such'), 4);
      assert.equal(
        await codes('show', 'no/such', '--server', 'http://127.0.0.1:1'),
        3,
      );
      const away = maya.start(['show', 'no/such'], {
        env: { ASSET_SERVER: 'http://127.0.0.1:1', ASSET_TOKEN: 'x' },
      });
      assert.equal((await away.ended).code, 7);
    });

    it('says what was meant by what there is not', async () => {
      for (const [line, meant] of [
        [
          ['psh', './x', 'a/b'],
          /no command 'psh'\n {2}did you mean asset push/,
        ],
        [['tpye', 'list'], /did you mean asset type\?/],
        [['type', 'pubish', 'x'], /'type pubish'\n.*asset type publish\?/],
        [['type'], /wants one more word: list, show/],
        [['zzzzzz'], /no command 'zzzzzz'\n {2}to see all: asset --help/],
      ]) {
        const { code, stderr } = await maya.asset(...line);
        assert.equal(code, 2);
        assert.match(stderr, meant);
      }
      for (const line of [
        ['access', '--help'],
        ['help', 'access'],
      ]) {
        const help = await maya.ok(...line);
        assert.match(help, /asset access grant +\S/);
        assert.doesNotMatch(help, /asset type/);
      }
      assert.match(await maya.ok('help', 'type', 'publish'), /--map OLD=NEW/);
    });

    it('says what is wrong with a token', async () => {
      for (const token of [
        'nonsense',
        'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyOmRlZmF1bHQvbWF5YSJ9.c2ln',
      ]) {
        const { code, stderr } = await maya.start(['list'], {
          env: { ASSET_TOKEN: token },
        }).ended;
        assert.equal(code, 3, stderr);
        assert.ok(!stderr.includes(token), 'a token must not be printed');
      }
    });

    it('refuses a label that is a digest, latest, or a stage', async () => {
      const folder = folderOf({ a: 'label' });
      for (const label of ['sha256:abcdefabcdef', 'latest', 'a..b']) {
        const { code } = await maya.asset(
          'push',
          folder,
          'bad/label',
          '--type',
          'dataset',
          '--version',
          label,
        );
        assert.equal(code, 2);
      }
      const stage = await maya.asset(
        'push',
        folder,
        'bad/label',
        '--type',
        'dataset',
        '--version',
        'published',
      );
      assert.equal(stage.code, 2);
      assert.match(stage.stderr, /stage/);
    });

    it('refuses a type that is not there, with the list', async () => {
      const { code, stderr } = await maya.asset(
        'create',
        'bad/type',
        '--type',
        'poem',
      );
      assert.equal(code, 2);
      assert.match(stderr, /ml-model, reference-genome/);
    });

    it('asks for an owner when a person has several groups', async () => {
      const sam = personAt(portal, 'sam');
      await sam.signIn();
      const { code, stderr } = await sam.asset(
        'create',
        'sam/one',
        '--type',
        'dataset',
      );
      assert.equal(code, 2);
      assert.match(stderr, /group:default\/team-signal/);
      assert.match(stderr, /group:default\/team-genome/);
      await sam.ok(
        'create',
        'sam/one',
        '--type',
        'dataset',
        '--owner',
        'team-genome',
      );
    });

    it('needs no folder of its own to push, and says so where it does', async () => {
      const folder = folderOf({ a: 'nowhere to remember it' });
      const away = (...args) =>
        maya.start(args, { env: { BASEASSET_CACHE: '/dev/null/cache' } }).ended;
      const pushed = await away('push', folder, 'no/cache', '-t', 'dataset');
      assert.equal(pushed.code, 0, pushed.stderr);
      const { code, stderr } = await maya.start(['login', '--as', 'maya'], {
        env: { XDG_CONFIG_HOME: '/dev/null/config' },
        timeout: 20_000,
      }).ended;
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the login can't be kept: .* can't be written to/);
    });

    it('stops with the same code, wherever it is', async () => {
      const folder = folderOf({ a: randomBytes(MIB) });
      await maya.ok('push', folder, 'stopped/reading', '-t', 'dataset');
      let asked = 0;
      const line = await proxyTo(portal, (_, res, response) => {
        asked++;
        response.once('data', chunk => res.write(chunk.subarray(0, 1000)));
      });
      try {
        for (const args of [
          ['cat', 'stopped/reading@1/a'],
          ['verify', 'stopped/reading@1'],
        ]) {
          const before = asked;
          const { child, ended } = maya.start(args, {
            env: line.environmentOf(maya),
            encoding: 'buffer',
          });
          await until(() => asked > before, 'the bytes to be asked for');
          child.kill('SIGINT');
          const { code, stderr } = await ended;
          assert.equal(code, 130, `${stderr}`);
          assert.equal(`${stderr}`, 'Stopped.\n');
        }
      } finally {
        line.close();
      }
    });

    it('writes no colour and no progress into a pipe', async () => {
      const { stdout, stderr } = await maya.start(['list'], {
        env: { NO_COLOR: '' },
      }).ended;
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(stdout + stderr, /\u001b/);
    });
  });

  describe('two at once', () => {
    it('lets one of two pushes of the same label win, and tells the other', async () => {
      await maya.ok('create', 'race/label', '--type', 'dataset');
      const results = await Promise.all(
        ['1', '2', '3'].map(content =>
          maya.asset(
            'push',
            folderOf({ content }),
            'race/label',
            '--version',
            'one',
          ),
        ),
      );
      assert.deepEqual(results.map(result => result.code).sort(), [0, 5, 5]);
      assert.equal((await maya.json('show', 'race/label')).versionCount, 1);
    });

    it('numbers pushes that cross one after the other', async () => {
      await maya.ok('create', 'race/numbers', '--type', 'dataset');
      await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          maya.ok('push', folderOf({ content: `${index}` }), 'race/numbers'),
        ),
      );
      const { versions } = await maya.json('show', 'race/numbers');
      assert.deepEqual(
        versions.map(version => version.label),
        ['6', '5', '4', '3', '2'],
      );
    });
  });

  describe('what is killed', () => {
    it('goes on where a killed push stopped, with nothing published between', async () => {
      const folder = folderOf({});
      for (let index = 0; index < 40; index++)
        fs.writeFileSync(path.join(folder, `f${index}`), randomBytes(3 * MIB));
      await maya.ok('create', 'killed/push', '--type', 'dataset');
      const { child, ended } = maya.start(['push', folder, 'killed/push']);
      await until(
        () =>
          [...filesUnder(path.join(portal.dataDirectory, 'blobs/blobs'))]
            .length > 5,
        'the first blobs',
      );
      child.kill('SIGKILL');
      await ended;
      const between = await maya.json('show', 'killed/push');
      assert.equal(between.versionCount, 0);
      await maya.ok('push', folder, 'killed/push');
      assert.match(
        await maya.ok('verify', folder, 'killed/push@1'),
        /40 files match/,
      );
    });

    it('finishes a push over a backend that was killed and came back', async () => {
      const folder = folderOf({});
      for (let index = 0; index < 60; index++)
        fs.writeFileSync(path.join(folder, `f${index}`), randomBytes(2 * MIB));
      await maya.ok('create', 'killed/backend', '--type', 'dataset');
      const { ended } = maya.start(['push', folder, 'killed/backend']);
      const before = [
        ...filesUnder(path.join(portal.dataDirectory, 'blobs/blobs')),
      ].length;
      await until(
        () =>
          [...filesUnder(path.join(portal.dataDirectory, 'blobs/blobs'))]
            .length >
          before + 5,
        'the first blobs',
      );
      await portal.kill();
      await portal.restart();
      const { code } = await ended;
      // A short outage is waited out; after a long one the same line goes on.
      if (code !== 0) await maya.ok('push', folder, 'killed/backend');
      assert.equal((await maya.json('show', 'killed/backend')).versionCount, 1);
      assert.match(
        await maya.ok('verify', 'killed/backend@1'),
        /60 files match/,
      );
    });

    it('goes on where a killed pull stopped, and leaves no half file', async () => {
      const bytes = randomBytes(300 * MIB);
      await maya.ok(
        'push',
        folderOf({ large: bytes }),
        'killed/pull',
        '--type',
        'dataset',
      );
      const target = path.join(temporaryFolder('pull'), 'out');
      const { child, ended } = otto.start([
        'pull',
        'killed/pull',
        '-o',
        target,
      ]);
      const parts = path.join(otto.home, 'cache/tmp');
      await until(
        () =>
          fs.existsSync(parts) &&
          [...filesUnder(parts)].some(
            file => fs.statSync(file, { throwIfNoEntry: false })?.size > MIB,
          ),
        'the first bytes',
        30,
        5,
      );
      child.kill('SIGKILL');
      await ended;
      const left = fs.existsSync(target) ? fs.readdirSync(target) : [];
      assert.ok(
        !left.includes('large') ||
          fs.statSync(path.join(target, 'large')).size === bytes.length,
      );
      const { begun } = await otto.json('cache', 'list');
      assert.equal(begun.count, 1);
      assert.ok(begun.bytes > MIB);
      const { receivedBytes } = await otto.json(
        'pull',
        'killed/pull',
        '-o',
        target,
      );
      assert.equal(receivedBytes, bytes.length - begun.bytes);
      assert.ok(fs.readFileSync(path.join(target, 'large')).equals(bytes));
      // Neither the part nor the second copy of the killed pull is left.
      assert.deepEqual([...filesUnder(parts)], []);
    });
  });

  describe('what is damaged', () => {
    it('notices a flipped byte in the store', async () => {
      const bytes = randomBytes(10_000);
      await maya.ok(
        'push',
        folderOf({ data: bytes }),
        'damaged/store',
        '--type',
        'dataset',
      );
      const hex = createHash('sha256').update(bytes).digest('hex');
      const blob = [
        ...filesUnder(path.join(portal.dataDirectory, 'blobs')),
      ].find(file => file.endsWith(hex));
      const stored = fs.readFileSync(blob);
      stored[5000] ^= 1;
      fs.writeFileSync(blob, stored);
      const target = path.join(temporaryFolder('flip'), 'out');
      const pulled = await otto.asset('pull', 'damaged/store', '-o', target);
      assert.equal(pulled.code, 6);
      assert.ok(!fs.existsSync(path.join(target, 'data')));
      assert.equal((await otto.asset('verify', 'damaged/store@1')).code, 6);
      assert.equal((await otto.asset('cat', 'damaged/store@1/data')).code, 6);
      fs.rmSync(blob);
      const gone = await otto.asset('cat', 'damaged/store@1/data');
      assert.equal(gone.code, 4);
      const all = await otto.asset('verify', 'damaged/store@1', '--json');
      assert.equal(all.code, 6);
      assert.deepEqual(JSON.parse(all.stdout).differences, [
        { kind: 'missing', path: 'data' },
      ]);
      assert.match(
        gone.stderr,
        /the bytes of "data" are gone where they were stored/,
      );
    });

    it('reads on where a line was cut', async () => {
      const bytes = randomBytes(9_000_000);
      await maya.ok('push', folderOf({ bytes }), 'cut/line', '-t', 'dataset');
      const asked = [];
      const proxy = await proxyTo(portal, (req, res, response) => {
        asked.push(req.headers.range);
        let passed = 0;
        response.on('data', chunk => {
          passed += chunk.length;
          // Twice, each time somewhere in the middle.
          if (asked.length <= 2 && passed > 2_000_000) res.destroy();
          else res.write(chunk);
        });
        response.on('end', () => res.end());
      });
      try {
        const { code, stdout, stderr } = await otto.start(
          ['cat', 'cut/line@1/bytes'],
          {
            encoding: 'buffer',
            env: proxy.environmentOf(otto),
          },
        ).ended;
        assert.equal(code, 0, `${stderr}`);
        assert.ok(stdout.equals(bytes));
        assert.equal(asked.length, 3);
        assert.equal(asked[0], undefined);
        for (const range of asked.slice(1))
          assert.match(range, /^bytes=[1-9]\d+-$/);
      } finally {
        proxy.close();
      }
    });

    it('does not write over what a person writes while files are fetched', async () => {
      const names = ['mine', 'other'];
      const bytesOf = () =>
        Object.fromEntries(names.map(name => [name, randomBytes(2_000_000)]));
      await maya.ok(
        'push',
        folderOf(bytesOf()),
        'while/fetched',
        '-t',
        'dataset',
      );
      const target = path.join(temporaryFolder('while'), 'out');
      await otto.ok('pull', 'while/fetched', '-o', target);
      await maya.ok('push', folderOf(bytesOf()), 'while/fetched');
      const proxy = await proxyTo(portal, (req, res, response) => {
        fs.writeFileSync(path.join(target, 'mine'), 'a person’s own');
        response.pipe(res);
      });
      try {
        const { code, stderr } = await otto.start(
          ['pull', 'while/fetched', '-o', target],
          { env: proxy.environmentOf(otto) },
        ).ended;
        assert.equal(code, 5, stderr);
        assert.match(
          stderr,
          /"mine" was changed on this machine while the others were fetched/,
        );
      } finally {
        proxy.close();
      }
      const mine = () => fs.readFileSync(path.join(target, 'mine'), 'utf8');
      assert.equal(mine(), 'a person’s own');
      // What was written of the new version meanwhile is nobody's work.
      const again = await otto.asset('pull', 'while/fetched@1', '-o', target);
      assert.match(again.stderr, /1 file in .* was changed .*"mine"/);
      assert.equal(mine(), 'a person’s own');
      await otto.ok('pull', 'while/fetched', '-o', target, '--force');
    });

    it('knows its links again when the cache was pruned', async () => {
      const person = personAt(portal, 'otto');
      await person.signIn();
      const target = path.join(temporaryFolder('pruned'), 'out');
      for (const version of [1, 2]) {
        await maya.ok(
          'push',
          folderOf({ file: randomBytes(1000), large: randomBytes(600_000) }),
          'pruned/links',
          '-t',
          'dataset',
        );
        const line = ['pull', 'pruned/links', '-o', target, '--link'];
        assert.equal((await person.json(...line)).written, 2, `${version}`);
        await person.ok('cache', 'prune', '--to', '0');
      }
    });

    it('lists, verifies and prunes the cache', async () => {
      const person = personAt(portal, 'otto');
      await person.signIn();
      const bytes = [1, 2, 3].map(value => Buffer.alloc(2 * MIB, value));
      await maya.ok(
        'push',
        folderOf({ a: bytes[0], b: bytes[1], c: bytes[2] }),
        'damaged/many',
        '--type',
        'dataset',
      );
      const target = path.join(temporaryFolder('pull'), 'out');
      await person.ok('pull', 'damaged/many', '-o', target);
      const { items } = await person.json('cache', 'list');
      assert.equal(items.length, 3);
      // The layout is a promise: other tools share it.
      const hex = createHash('sha256').update(bytes[1]).digest('hex');
      const file = path.join(person.home, 'cache/sha256', hex.slice(0, 2), hex);
      assert.equal(fs.statSync(file).mode & 0o777, 0o444);
      fs.chmodSync(file, 0o644);
      fs.writeFileSync(file, Buffer.alloc(2 * MIB, 9));
      const verified = await person.asset('cache', 'verify', '--json');
      assert.equal(verified.code, 6);
      assert.deepEqual(JSON.parse(verified.stdout).damaged, [`sha256:${hex}`]);
      const pruned = await person.json('cache', 'prune', '--to', '3MiB');
      assert.deepEqual([pruned.blobs, pruned.bytes], [1, 2 * MIB]);
      fs.rmSync(target, { recursive: true });
      const again = await person.json('pull', 'damaged/many', '-o', target);
      assert.equal(again.receivedBytes, 4 * MIB);
      const kept = await person.json('cache', 'prune', '--older-than', '1');
      assert.equal(kept.blobs, 0);
      assert.equal(
        (await person.asset('cache', 'prune', '--to', 'much')).code,
        2,
      );
    });

    it('links to the cache when asked, and notices what was written through a link', async () => {
      const bytes = randomBytes(2_000_000);
      const small = randomBytes(1000);
      await maya.ok(
        'push',
        folderOf({ bytes, small, again: small }),
        'linked/files',
        '--type',
        'dataset',
      );
      const person = personAt(portal, 'otto');
      await person.signIn();
      const pulled = async (...options) => {
        const target = path.join(temporaryFolder('link'), 'out');
        await person.ok('pull', 'linked/files@1', '-o', target, ...options);
        return target;
      };
      const first = await pulled('--link');
      const second = await pulled('--link');
      const inode = (folder, name) => fs.statSync(path.join(folder, name)).ino;
      assert.equal(inode(first, 'bytes'), inode(second, 'bytes'));
      assert.equal(inode(first, 'small'), inode(second, 'again'));
      assert.equal(fs.statSync(path.join(first, 'bytes')).mode & 0o777, 0o444);
      const copied = await pulled();
      assert.notEqual(inode(first, 'bytes'), inode(copied, 'bytes'));

      // A link that somebody else made is no change of the file.
      await maya.ok(
        'push',
        folderOf({ bytes, small: randomBytes(1000) }),
        'linked/files',
      );
      await person.ok('pull', 'linked/files', '-o', first, '--link');
      assert.ok(!fs.existsSync(path.join(first, 'again')));
      assert.equal(inode(first, 'bytes'), inode(second, 'bytes'));
      await person.ok('pull', 'linked/files@1', '-o', first, '--link');

      // Whoever takes the protection away writes to the cache.
      fs.chmodSync(path.join(first, 'bytes'), 0o600);
      fs.writeFileSync(path.join(first, 'bytes'), randomBytes(2_000_000));
      for (const options of [['--link'], []]) {
        const third = await pulled(...options);
        assert.ok(fs.readFileSync(path.join(third, 'bytes')).equals(bytes));
      }
      assert.ok(!fs.readFileSync(path.join(second, 'bytes')).equals(bytes));
      const refused = await person.asset(
        'pull',
        'linked/files@1',
        '-o',
        second,
      );
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /changed on this machine/);
    });

    describe('a folder that was not there', () => {
      const files = Object.fromEntries(
        Array.from({ length: 3000 }, (_, index) => [
          `${index % 50}/${index}.bin`,
          randomBytes(1000),
        ]),
      );
      const isWhole = target =>
        [...filesUnder(target)].length === 3000 &&
        Object.entries(files).every(([name, content]) =>
          fs.readFileSync(path.join(target, name)).equals(content),
        );

      before(async () => {
        await maya.ok('push', folderOf(files), 'new/folder', '-t', 'dataset');
      });

      it('appears whole, or not at all', async () => {
        const parent = temporaryFolder('new');
        const target = path.join(parent, 'out');
        const unfinished = () =>
          fs.readdirSync(parent).filter(name => name.endsWith('.pull'));
        for (let kills = 0; kills < 3; kills++) {
          const { child, ended } = otto.start([
            ...['pull', 'new/folder', '-o', target],
          ]);
          await until(() => unfinished().length > 0, 'a pull to begin', 10, 5);
          await new Promise(resolve => {
            setTimeout(resolve, kills * 60);
          });
          child.kill('SIGKILL');
          await ended;
          if (fs.existsSync(target)) break;
        }
        assert.ok(!fs.existsSync(target) || isWhole(target));
        await otto.ok('pull', 'new/folder', '-o', target);
        assert.ok(isWhole(target));
        assert.deepEqual(unfinished(), []);
      });

      it('is whole after two pulls at once', async () => {
        const parent = temporaryFolder('new');
        const line = ['pull', 'new/folder', '-o', path.join(parent, 'out')];
        const both = await Promise.all([
          maya.start(line).ended,
          otto.start(line).ended,
        ]);
        assert.deepEqual(
          both.map(({ code, stderr }) => [code, stderr]),
          [
            [0, ''],
            [0, ''],
          ],
        );
        assert.ok(isWhole(path.join(parent, 'out')));
        assert.deepEqual(fs.readdirSync(parent), ['out']);
        for (const person of [maya, otto])
          assert.equal((await person.json(...line)).written, 0);
      });

      it('is not left behind where the pull failed', async () => {
        const parent = temporaryFolder('new');
        const { code } = await otto.asset(
          ...['pull', 'new/folder', '--include', 'nothing'],
          ...['-o', path.join(parent, 'a/b/out')],
        );
        assert.notEqual(code, 0);
        assert.deepEqual(fs.readdirSync(parent), []);
      });
    });

    it('keeps the cache within its limit', async () => {
      const person = personAt(portal, 'otto');
      await person.signIn();
      const pull = async (name, limit) =>
        person.start(
          [
            ...['pull', `limited/${name}`],
            ...['-o', path.join(temporaryFolder('limit'), 'out')],
          ],
          { env: { BASEASSET_CACHE_LIMIT: limit } },
        ).ended;
      for (const name of ['first', 'second', 'third']) {
        await maya.ok(
          'push',
          folderOf({ bytes: randomBytes(1_000_000) }),
          `limited/${name}`,
          '--type',
          'dataset',
        );
        assert.equal((await pull(name, '2.5MiB')).code, 0);
      }
      const { bytes, items } = await person.json('cache', 'list');
      assert.deepEqual([bytes, items.length], [2_000_000, 2]);
      // Also where one pull alone brings more.
      assert.equal((await pull('first', '0.5MiB')).code, 0);
      assert.equal((await person.json('cache', 'list')).bytes, 0);
      const wrong = await pull('first', 'much');
      assert.match(wrong.stderr, /BASEASSET_CACHE_LIMIT .* no size/);
    });

    it('heals a damaged cache', async () => {
      const bytes = randomBytes(10_000);
      await maya.ok(
        'push',
        folderOf({ data: bytes }),
        'damaged/cache',
        '--type',
        'dataset',
      );
      const first = path.join(temporaryFolder('cache'), 'one');
      await otto.ok('pull', 'damaged/cache', '-o', first);
      const cached = [...filesUnder(path.join(otto.home, 'cache/sha256'))].find(
        file => file.endsWith(createHash('sha256').update(bytes).digest('hex')),
      );
      fs.chmodSync(cached, 0o600);
      fs.writeFileSync(cached, randomBytes(10_000));
      const second = path.join(temporaryFolder('cache'), 'two');
      await otto.ok('pull', 'damaged/cache', '-o', second);
      assert.ok(fs.readFileSync(path.join(second, 'data')).equals(bytes));
      assert.ok(fs.readFileSync(cached).equals(bytes));
    });

    it('does not overwrite what a person changed, and takes former files away', async () => {
      await maya.ok(
        'push',
        folderOf({ a: 'a1', b: 'b1' }),
        'pulled/twice',
        '--type',
        'dataset',
      );
      await maya.ok('push', folderOf({ a: 'a2' }), 'pulled/twice');
      const target = path.join(temporaryFolder('twice'), 'out');
      await otto.ok('pull', 'pulled/twice@1', '-o', target);
      fs.writeFileSync(path.join(target, 'mine'), 'mine');
      await otto.ok('pull', 'pulled/twice@2', '-o', target);
      assert.deepEqual(fs.readdirSync(target).sort(), ['a', 'mine']);
      fs.writeFileSync(path.join(target, 'a'), 'edited');
      const kept = await otto.asset('pull', 'pulled/twice@1', '-o', target);
      assert.equal(kept.code, 5);
      assert.equal(fs.readFileSync(path.join(target, 'a'), 'utf8'), 'edited');
      await otto.ok('pull', 'pulled/twice@1', '-o', target, '--force');
      assert.equal(fs.readFileSync(path.join(target, 'a'), 'utf8'), 'a1');
    });

    it('does not take what was only pushed from for what a pull wrote', async () => {
      const folder = folderOf({ w: 'one', x: 'x' });
      await maya.ok('push', folder, 'pulled/own', '--type', 'dataset');
      fs.writeFileSync(path.join(folder, 'w'), 'my work');
      fs.writeFileSync(path.join(folder, 'new'), 'my new work');
      const away = maya.start(['push', folder, 'pulled/own'], {
        env: { ASSET_SERVER: 'http://127.0.0.1:1', ASSET_TOKEN: 'x' },
      });
      assert.equal((await away.ended).code, 7);
      assert.equal(
        (await maya.asset('pull', 'pulled/own', '-o', folder)).code,
        5,
      );
      assert.equal(fs.readFileSync(path.join(folder, 'w'), 'utf8'), 'my work');
      assert.equal(
        fs.readFileSync(path.join(folder, 'new'), 'utf8'),
        'my new work',
      );
    });

    it('follows a file that became a folder, and back, and the longest names', async () => {
      const long = 'n'.repeat(255);
      await maya.ok(
        'push',
        folderOf({ a: 'file', [long]: 'l' }),
        'pulled/shape',
        '--type',
        'dataset',
      );
      await maya.ok('push', folderOf({ 'a/b': 'folder' }), 'pulled/shape');
      const target = path.join(temporaryFolder('shape'), 'out');
      for (const version of ['1', '2', '1']) {
        await otto.ok('pull', `pulled/shape@${version}`, '-o', target);
        assert.match(await otto.ok('verify', target), /match/);
      }
    });

    it('does not take the files of one asset away for those of another', async () => {
      const push = (name, files) =>
        maya.ok('push', folderOf(files), name, '-t', 'dataset');
      await push('shared/one', { a: 'a', b: 'b' });
      await push('shared/other', { c: 'c' });
      const target = path.join(temporaryFolder('shared'), 'data');
      const line = name => ['pull', `shared/${name}`, '-o', target];
      await otto.ok(...line('one'));
      const { code, stderr } = await otto.asset(...line('other'));
      assert.equal(code, 5);
      assert.match(stderr, /has files of shared\/one, which .* take away/);
      assert.deepEqual(fs.readdirSync(target).sort(), ['a', 'b']);
      await otto.ok(...line('other'), '--force');
      assert.deepEqual(fs.readdirSync(target), ['c']);
      // Whoever has emptied it has nothing to lose.
      fs.rmSync(path.join(target, 'c'));
      await otto.ok(...line('one'));
      const nowhere = await otto.asset('pull', 'shared/one', '-o', '');
      assert.equal(nowhere.code, 2);
    });

    it('says what stands in the way of a file or a folder', async () => {
      await maya.ok(
        ...['push', folderOf({ 'deep/a': 'a', b: 'b' }), 'in/way'],
        ...['-t', 'dataset'],
      );
      for (const [files, way] of [
        [{ deep: 'a file' }, /deep" stands where the version has a folder/],
        [{ 'b/own': 'own' }, /b" is a folder, and a file in the version/],
      ]) {
        const target = folderOf(files);
        const line = ['pull', 'in/way', '-o', target, '--force'];
        const { code, stderr } = await otto.asset(...line);
        assert.equal(code, 5, stderr);
        assert.match(stderr, way);
        for (const [name, content] of Object.entries(files))
          assert.equal(
            fs.readFileSync(path.join(target, name), 'utf8'),
            content,
          );
      }
    });

    it('says where it can not pull to, and ends', async () => {
      await maya.ok(
        'push',
        folderOf({ a: 'a' }),
        'pulled/nowhere',
        '--type',
        'dataset',
      );
      for (const target of [
        '/proc/nowhere',
        '/etc/hostname',
        '/etc/hostname/x',
      ]) {
        const { code, stderr } = await otto.asset(
          'pull',
          'pulled/nowhere',
          '-o',
          target,
        );
        assert.equal(code, 1);
        assert.match(stderr, /can't be pulled into/);
      }
      const { code, stderr } = await otto.start(
        ['pull', 'pulled/nowhere', '-o', path.join(otto.home, 'nowhere')],
        { env: { BASEASSET_CACHE: '/proc/nowhere' }, timeout: 20_000 },
      ).ended;
      assert.equal(code, 1, stderr);
      assert.match(stderr, /ENOENT/);
    });

    it('removes nothing that a person has moved away behind a link', async () => {
      const push = files =>
        maya.ok('push', folderOf(files), 'pulled/moved', '-t', 'dataset');
      await push({ 'weights/old': 'old', 'weights/own': 'own', card: '1' });
      await push({ card: '2' });
      const top = temporaryFolder('moved');
      const target = path.join(top, 'model');
      const kept = path.join(top, 'kept');
      await otto.ok('pull', 'pulled/moved@1', '-o', target);
      fs.renameSync(path.join(target, 'weights'), kept);
      fs.symlinkSync(kept, path.join(target, 'weights'));
      await otto.ok('pull', 'pulled/moved@2', '-o', target);
      assert.deepEqual(fs.readdirSync(kept).sort(), ['old', 'own']);
      assert.equal(fs.readFileSync(path.join(target, 'card'), 'utf8'), '2');
    });

    it('does not follow a link out of the target of a pull', async () => {
      await maya.ok(
        'push',
        folderOf({ 'sub/file': 'x' }),
        'pulled/link',
        '--type',
        'dataset',
      );
      const target = temporaryFolder('target');
      const outside = temporaryFolder('outside');
      fs.symlinkSync(outside, path.join(target, 'sub'));
      const { code } = await otto.asset('pull', 'pulled/link', '-o', target);
      assert.notEqual(code, 0);
      assert.deepEqual(fs.readdirSync(outside), []);
    });
  });

  describe('a full disk', () => {
    /** A disk of 8 MiB until the test ends; undefined where there can be none. */
    const smallDisk = async t => {
      const mount = temporaryFolder('small');
      const mounted = await new Promise(resolve => {
        const child = spawn(
          'mount',
          ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount],
          { stdio: 'ignore' },
        );
        child.once('error', () => resolve(false));
        child.once('exit', code => resolve(code === 0));
      });
      if (!mounted) {
        t.skip('no small disk can be mounted here');
        return undefined;
      }
      t.after(
        () =>
          new Promise(resolve => {
            spawn('umount', ['-l', mount]).once('exit', resolve);
          }),
      );
      return mount;
    };

    it('cuts no output without a word', async t => {
      const mount = await smallDisk(t);
      if (!mount) return;
      const folder = folderOf({ data: randomBytes(9 * MIB), few: 'few' });
      await maya.ok('push', folder, 'full/output', '-t', 'dataset');
      const line = (target, ...args) =>
        new Promise(resolve => {
          const out = fs.openSync(path.join(mount, target), 'w');
          const child = spawn(
            process.execPath,
            [path.join(root, 'packages/cli/bin/asset.cjs'), ...args],
            { env: maya.env, stdio: ['ignore', out, 'pipe'] },
          );
          fs.closeSync(out);
          let stderr = '';
          child.stderr.on('data', chunk => {
            stderr += chunk;
          });
          child.once('close', code => resolve({ code, stderr }));
        });
      const show = ['show', 'full/output', '--json'];
      for (const [target, ...args] of [
        ['data', 'cat', 'full/output@1/data'],
        // The disk is full by now, and these write once.
        ['show', ...show],
        ['few', 'cat', 'full/output@1/few'],
      ])
        assert.deepEqual(await line(target, ...args), {
          code: 1,
          stderr: "error: the output can't be written: the disk is full\n",
        });
      fs.rmSync(path.join(mount, 'data'));
      const few = await line('few', 'cat', 'full/output@1/few');
      assert.deepEqual(few, { code: 0, stderr: '' });
      assert.equal(fs.readFileSync(path.join(mount, 'few'), 'utf8'), 'few');
    });

    it('publishes nothing, and goes on when there is room again', async t => {
      const mount = await smallDisk(t);
      if (!mount) return;
      const small = await openPortal({
        configuration: {
          assetManager: {
            storage: { local: { directory: path.join(mount, 'blobs') } },
          },
        },
      });
      t.after(() => small.close());
      const noor = personAt(small, 'noor');
      await noor.signIn();
      const folder = folderOf({ large: randomBytes(20 * MIB) });
      const full = await noor.asset(
        'push',
        folder,
        'full/disk',
        '--type',
        'dataset',
      );
      assert.notEqual(full.code, 0);
      assert.equal((await noor.json('show', 'full/disk')).versionCount, 0);
      await new Promise(resolve =>
        spawn('mount', ['-o', 'remount,size=64m', mount]).once('exit', resolve),
      );
      await noor.ok('push', folder, 'full/disk');
      assert.match(await noor.ok('verify', 'full/disk@1'), /1 file match/);
    });
  });

  it('refuses to start in production with the sample people', async () => {
    const { startPortal } = await import('../scripts/lib/portal.mjs');
    const { tools } = await import('./support.mjs');
    const { freePort } = await import('../scripts/lib/postgres.mjs');
    await assert.rejects(
      startPortal({
        tools,
        port: await freePort(),
        dataDirectory: temporaryFolder('production'),
        configs: ['app-config.yaml', 'app-config.demo.yaml'].map(name =>
          path.join(root, name),
        ),
        environment: { NODE_ENV: 'production' },
      }),
      /sample people/,
    );
  });
});
