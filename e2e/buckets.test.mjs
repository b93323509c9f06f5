/** Bytes that go straight between a command line, a browser and the team's bucket: Google Cloud and S3 as equals. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startGcs, startS3 } from '../scripts/lib/objectStores.mjs';
import { root } from '../scripts/lib/tools.mjs';
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

const MIB = 1024 * 1024;
const require = createRequire(path.join(root, 'package.json'));

function* filesUnder(folder) {
  for (const entry of fs.readdirSync(folder, {
    recursive: true,
    withFileTypes: true,
  })) {
    if (entry.isFile()) yield path.join(entry.parentPath, entry.name);
  }
}

const digestOf = bytes =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Makes a bucket that a browser on any page may send to and read from. */
async function makeS3Bucket(s3, name) {
  Object.assign(process.env, s3.env);
  const {
    CreateBucketCommand,
    PutBucketCorsCommand,
    S3Client,
  } = require('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  await client.send(
    new PutBucketCorsCommand({
      Bucket: name,
      CORSConfiguration: {
        CORSRules: [
          {
            AllowedOrigins: ['*'],
            AllowedMethods: ['GET', 'PUT'],
            AllowedHeaders: ['*'],
            ExposeHeaders: ['ETag'],
          },
        ],
      },
    }),
  );
  client.destroy();
}

async function withoutCors(s3, name) {
  const { DeleteBucketCorsCommand, S3Client } = require('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
  });
  await client.send(new DeleteBucketCorsCommand({ Bucket: name }));
  client.destroy();
}

async function makeGcsBucket(gcs, name) {
  const response = await fetch(`${gcs.url}/storage/v1/b?project=test`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  assert.ok(response.ok, await response.text());
}

for (const kind of ['gcs', 's3']) {
  const server = kind === 'gcs' ? await startGcs() : await startS3();
  const skip = server.missing && `there is no server: ${server.missing}`;
  if (skip) console.error(`SKIPPED: the bucket stores on ${kind}: ${skip}`);

  describe(`a bucket of ${kind}`, { skip }, () => {
    const large = randomBytes(23 * MIB + 17);
    const files = {
      'README.md': '# Reads\n\nFrom the *bucket*.\n',
      'empty.txt': '',
      'reads/large.bin': large,
      'table.csv': `name,length\n${'lambda,48502\n'.repeat(200_000)}`,
    };
    let portal;
    let maya;
    let otto;
    let browser;
    let missing;

    before(async () => {
      await (kind === 'gcs' ? makeGcsBucket : makeS3Bucket)(server, 'team');
      portal = await openPortal({
        environment: server.env,
        configuration: {
          // A bucket on loopback has no certificate.
          backend: {
            csp: { 'connect-src': ["'self'", 'http:', 'https:'] },
          },
          assetManager: {
            validateResponses: true,
            operators: ['user:default/maya'],
            uploads: { partSize: 5 * MIB },
            storage: {
              [kind]: {
                'team-bucket': {
                  bucket: 'team',
                  prefix: 'assets/',
                  endpoint: server.url,
                  ...(kind === 's3' && { forcePathStyle: true }),
                },
              },
              placement: [{ namespace: 'cloud', store: 'team-bucket' }],
              replicas: [{ namespace: 'twice', store: 'team-bucket' }],
            },
          },
        },
      });
      maya = personAt(portal, 'maya');
      otto = personAt(portal, 'otto');
      await maya.signIn();
      await otto.signIn();
      ({ browser, missing } = await openBrowser());
    });

    after(async () => {
      await browser?.close();
      await portal?.close();
      await server.stop();
    });

    const localBytes = () =>
      [...filesUnder(path.join(portal.dataDirectory, 'blobs'))]
        // What is written down of assets, the samples' too, is not their bytes.
        .filter(file => !/[/](records|versions)[/]/.test(file))
        .reduce((sum, file) => sum + fs.statSync(file).size, 0);
    const verified = (person, reference, state = 'verified') =>
      until(
        async () =>
          (await person.json('show', reference)).verification === state,
        `${reference} to be ${state}`,
      );

    it('takes a push that the backend does not carry, and verifies it afterwards', async () => {
      await maya.ok('push', folderOf(files), 'cloud/reads', '-t', 'dataset');
      const version = await maya.json('show', 'cloud/reads@1');
      assert.equal(version.fileCount, 4);
      assert.ok(['received', 'verified'].includes(version.verification));
      await verified(maya, 'cloud/reads@1');
      assert.equal(localBytes(), 0);
      if (server.gate) {
        // Five parts of the large file, and three files in one piece.
        assert.equal(server.gate.counts.signedPuts, 8);
        assert.equal(server.gate.counts.refused, 0);
      }
    });

    it('gives a pull that is verified, by a redirect to the bucket', async () => {
      const target = path.join(temporaryFolder('pull'), 'out');
      await otto.ok('pull', 'cloud/reads', '-o', target);
      for (const [name, content] of Object.entries(files)) {
        assert.ok(
          fs.readFileSync(path.join(target, name)).equals(Buffer.from(content)),
          name,
        );
      }
      const address = `${portal.url}/api/asset-manager/assets/cloud/reads/versions/1/files/reads/large.bin`;
      const headers = otto.headers();
      const sent = await fetch(address, { headers, redirect: 'manual' });
      assert.equal(sent.status, 302);
      assert.equal(sent.headers.get('cache-control'), 'private, no-store');
      const signed = new URL(sent.headers.get('location'));
      assert.equal(signed.origin, server.url);
      // Whoever follows needs nothing else, and may ask for a range.
      const range = await fetch(signed, {
        headers: { Range: 'bytes=1000000-1000099' },
      });
      assert.equal(range.status, 206);
      assert.ok(
        Buffer.from(await range.arrayBuffer()).equals(
          large.subarray(1_000_000, 1_000_100),
        ),
      );
      const through = await fetch(`${address}?via=backend`, {
        headers: { ...headers, Range: 'bytes=5-14' },
      });
      assert.equal(through.status, 206);
      assert.ok(
        Buffer.from(await through.arrayBuffer()).equals(large.subarray(5, 15)),
      );
    });

    it('shows, lists and verifies what stands there', async () => {
      assert.equal(
        await otto.ok('cat', 'cloud/reads@1/README.md'),
        files['README.md'],
      );
      assert.match(await otto.ok('verify', 'cloud/reads@1'), /4 files match/);
    });

    /** What `asset cat` writes of a range. */
    const rangeOf = async (person, file, range) => {
      const { code, stdout, stderr } = await person.start(
        ['cat', file, '--range', range],
        { encoding: 'buffer' },
      ).ended;
      assert.equal(code, 0, stderr.toString());
      return stdout;
    };

    it('reads a range of a large file, verified without the rest of it', async () => {
      const file = 'cloud/reads@1/reads/large.bin';
      for (const [range, start, end] of [
        ['1000000-1000099', 1_000_000, 1_000_100],
        ['22MiB-', 22 * MIB, large.length],
        ['3MiB+9MiB', 3 * MIB, 12 * MIB],
      ])
        assert.ok(
          (await rangeOf(otto, file, range)).equals(large.subarray(start, end)),
          range,
        );
      for (const range of ['24MiB-', '9-3', 'all'])
        assert.equal((await otto.asset('cat', file, '--range', range)).code, 2);
      const answer = await fetch(
        `${portal.url}/api/asset-manager/assets/cloud/reads/versions/1/blocks/reads/large.bin?first=15&count=2`,
        { headers: otto.headers() },
      );
      assert.equal(
        Buffer.from(await answer.arrayBuffer()).toString('hex'),
        [15, 16]
          .map(index => large.subarray(index * 65_536, (index + 1) * 65_536))
          .map(block => digestOf(block).slice('sha256:'.length))
          .join(''),
      );
    });

    it('sends only what changed', async () => {
      const before = server.gate?.counts.signedPuts;
      await maya.ok(
        'push',
        folderOf({ ...files, 'new.txt': 'new' }),
        'cloud/reads',
      );
      if (server.gate) assert.equal(server.gate.counts.signedPuts, before + 1);
      const { counts } = await maya.json('diff', 'cloud/reads@1..2');
      assert.equal(counts.added, 1);
      assert.equal(counts.unchanged, 4);
    });

    it('sends and reads small files many at a time, and each as it was', async () => {
      const small = Object.fromEntries(
        Array.from({ length: 60 }, (_, index) => [
          `small/${index}.bin`,
          randomBytes(2000 + index),
        ]),
      );
      const packs = folder =>
        [...filesUnder(folder)].filter(file =>
          /[/%]packs(\/|%2F)[0-9a-f]{2}(\/|%2F)[0-9a-f]{64}$/i.test(file),
        );
      const pulled = async (name, files) => {
        const person = personAt(portal, 'otto');
        await person.signIn();
        const target = path.join(temporaryFolder('pull'), 'out');
        await person.ok('pull', name, '-o', target);
        for (const [file, bytes] of Object.entries(files))
          assert.ok(fs.readFileSync(path.join(target, file)).equals(bytes));
      };
      const puts = server.gate?.counts.signedPuts;
      await maya.ok('push', folderOf(small), 'cloud/small', '-t', 'dataset');
      await verified(maya, 'cloud/small@1');
      assert.equal(packs(server.folder).length, 1);
      if (server.gate) assert.equal(server.gate.counts.signedPuts - puts, 1);
      const gets = server.gate?.counts.signedGets;
      await pulled('cloud/small@1', small);
      if (server.gate) assert.equal(server.gate.counts.signedGets - gets, 1);
      const { 'small/0.bin': _, ...second } = small;
      second['small/1.bin'] = randomBytes(500);
      await maya.ok('push', folderOf(second), 'cloud/small');
      await pulled('cloud/small', second);

      await maya.ok('move', 'cloud/small', '--to', 'local');
      const local = path.join(portal.dataDirectory, 'blobs');
      assert.equal(packs(local).length, 1);
      await pulled('cloud/small@1', small);
      await maya.ok('replicate', 'cloud/small', '--to', 'team-bucket');
      const [pack] = packs(local);
      const bytes = fs.readFileSync(pack);
      bytes[bytes.indexOf(small['small/30.bin'])] ^= 1;
      fs.writeFileSync(pack, bytes);
      await pulled('cloud/small@1', small);
      fs.rmSync(pack);
      await pulled('cloud/small@1', small);
    });

    it('goes on where a killed push stopped', async () => {
      const bytes = randomBytes(200 * MIB);
      const folder = folderOf({ bytes });
      const { child, ended } = maya.start([
        'push',
        folder,
        'cloud/killed',
        '-t',
        'dataset',
      ]);
      const begun = server.gate?.counts.signedPuts;
      await until(
        () =>
          server.gate
            ? server.gate.counts.signedPuts > begun + 4
            : [...filesUnder(server.folder)].filter(
                file => fs.statSync(file).size === 5 * MIB,
              ).length > 4,
        'some parts',
      );
      child.kill('SIGKILL');
      await ended;
      const { items } = await maya.json('uploads', 'list');
      assert.deepEqual(
        items.map(({ name, store }) => [name, store]),
        [['killed', 'team-bucket']],
      );
      const none = await maya.asset('show', 'cloud/killed@1');
      assert.equal(none.code, 4);
      const between = server.gate?.counts.signedPuts;
      await maya.ok('push', folder, 'cloud/killed');
      if (server.gate) assert.ok(server.gate.counts.signedPuts - between <= 36);
      await verified(maya, 'cloud/killed@1');
    });

    it('keeps a restricted asset from whoever has its digest alone', async () => {
      await maya.ok(
        'push',
        folderOf({ secret: 'of the team' }),
        'cloud/secret',
        '-t',
        'dataset',
        '--visibility',
        'restricted',
      );
      const { code } = await otto.asset('cat', 'cloud/secret@1/secret');
      assert.equal(code, 4);
    });

    it('finds bytes that are not what their digest says, and is mended by a push', async () => {
      const right = Buffer.from('what was promised');
      const wrong = Buffer.from('what was sent!!!!');
      await maya.ok('create', 'cloud/damaged', '-t', 'dataset');
      const api = async (method, url, body) => {
        const response = await fetch(`${portal.url}/api/asset-manager${url}`, {
          method,
          headers: {
            ...maya.headers(),
            'Content-Type': 'application/json',
          },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        });
        const text = await response.text();
        return { status: response.status, body: text && JSON.parse(text) };
      };
      const digest = digestOf(right);
      const page = JSON.stringify([{ digest, path: 'file', size: 17 }]);
      const manifest = JSON.stringify({
        fileCount: 1,
        pages: [{ digest: digestOf(page), fileCount: 1, size: 17 }],
        size: 17,
      });
      const begun = await api('POST', '/assets/cloud/damaged/uploads', {
        digest: digestOf(manifest),
        fileCount: 1,
        size: 17,
      });
      const { id, direct } = begun.body.upload;
      await api('PUT', `/uploads/${id}/pages/0`, page);
      const checksum =
        direct.checksum === 'sha256'
          ? createHash('sha256').update(wrong).digest('base64')
          : // CRC32C of these very bytes.
            crc32cOf(wrong);
      const signed = await api('POST', `/uploads/${id}/sign`, {
        pieces: [{ digest, size: 17, checksum }],
      });
      if (direct.checksum === 'sha256') {
        // S3 checks the digest itself: nothing else is ever signed.
        assert.equal(signed.status, 400);
        return;
      }
      const [{ url, headers }] = signed.body.items;
      const put = await fetch(url, { method: 'PUT', headers, body: wrong });
      assert.equal(put.status, 200);
      await api('POST', `/uploads/${id}/complete`, {
        blobs: [{ digest, size: 17 }],
      });
      const committed = await api('POST', `/uploads/${id}/commit`, {});
      assert.equal(committed.body.version.verification, 'received');
      await verified(maya, 'cloud/damaged@1', 'damaged');
      const cat = await otto.asset('cat', 'cloud/damaged@1/file');
      assert.notEqual(cat.code, 0);
      assert.match(cat.stderr, /damaged or gone/);
      assert.match(
        await maya.ok('push', folderOf({ file: right }), 'cloud/damaged'),
        /17 B that were missing there have been sent/,
      );
      await verified(maya, 'cloud/damaged@1');
      assert.equal(await otto.ok('cat', 'cloud/damaged@1/file'), `${right}`);
    });

    it('takes a push from the browser, and shows it there', async t => {
      if (missing) {
        t.skip(`there is no Chromium here: ${missing}`);
        return;
      }
      const page = await pageOf(browser, portal, 'maya');
      const failed = [];
      page.on('requestfailed', request => {
        const { errorText } = request.failure();
        // What a page asked for is given up when it is left.
        if (errorText !== 'net::ERR_ABORTED')
          failed.push(
            `${errorText} ${request.method()} ${request.url().split('?')[0]}`,
          );
      });
      await page.goto(`${portal.url}/assets/cloud/reads`);
      await page.getByText('From the').first().waitFor();
      await page.goto(`${portal.url}/assets/cloud/reads/versions`);
      await page.getByLabel('Files to push').setInputFiles([
        {
          name: 'small.txt',
          mimeType: 'text/plain',
          buffer: Buffer.from('from the browser'),
        },
        {
          name: 'parts.bin',
          mimeType: 'application/octet-stream',
          buffer: Buffer.alloc(12 * MIB, 7),
        },
      ]);
      await page.getByText('This is version 3').waitFor();
      await verified(maya, 'cloud/reads@3');
      await otto.ok('verify', 'cloud/reads@3');
      await page.goto(
        `${portal.url}/assets/cloud/reads/files?version=1&file=table.csv`,
      );
      await page.getByText('48502').first().waitFor();
      assert.deepEqual(failed, []);
      await page.context().close();
    });

    it('moves an asset to another store, while a reader never sees a gap', async () => {
      const before = await maya.json('show', 'cloud/reads@1');
      let moving = true;
      const reads = (async () => {
        let count = 0;
        while (moving) {
          assert.equal(
            await otto.ok('cat', 'cloud/reads@1/README.md'),
            files['README.md'],
          );
          count++;
        }
        return count;
      })();
      const job = await maya.json('move', 'cloud/reads', '--to', 'local');
      moving = false;
      assert.ok((await reads) > 0);
      assert.equal(job.state, 'done');
      assert.ok(job.copiedBytes > 23 * MIB);
      assert.ok(localBytes() > 23 * MIB);
      const moved = await maya.json('show', 'cloud/reads@1');
      assert.equal(moved.digest, before.digest);
      assert.match(await otto.ok('verify', 'cloud/reads@1'), /4 files match/);
      // What comes later stays with it.
      const bytes = localBytes();
      await maya.ok(
        'push',
        folderOf({ ...files, 'later.bin': randomBytes(MIB) }),
        'cloud/reads',
      );
      assert.ok(localBytes() >= bytes + MIB);
      const again = await maya.asset('move', 'cloud/reads', '--to', 'nowhere');
      assert.equal(again.code, 2);
      assert.match(again.stderr, /there are local, team-bucket/);
      assert.equal(
        (await otto.asset('move', 'cloud/reads', '--to', 'local')).code,
        4,
      );
    });

    it('goes on with a move over a backend that was killed and came back', async () => {
      await maya.ok('move', 'cloud/killed', '--to', 'local', '--detach');
      await portal.kill();
      await portal.restart();
      await until(
        async () =>
          (await maya.json('store', 'jobs', 'cloud/killed')).items[0].state ===
          'done',
        'the move',
        90,
      );
      assert.match(await otto.ok('verify', 'cloud/killed@1'), /1 file match/);
    });

    it('reads the other copy when one is damaged or gone', async () => {
      const bytes = randomBytes(3 * MIB);
      await maya.ok(
        'push',
        folderOf({ bytes }),
        'both/copies',
        '--type',
        'dataset',
      );
      const job = await maya.json(
        'replicate',
        'both/copies',
        '--to',
        'team-bucket',
      );
      assert.equal(job.copiedBlobs, 1);
      const hex = digestOf(bytes).slice('sha256:'.length);
      const [file] = [
        ...filesUnder(path.join(portal.dataDirectory, 'blobs')),
      ].filter(each => each.endsWith(hex));
      const flipped = Buffer.from(bytes);
      flipped[1_000_000] ^= 1;
      fs.writeFileSync(file, flipped);
      const pulled = async () => {
        const person = personAt(portal, 'otto');
        await person.signIn();
        const target = path.join(temporaryFolder('pull'), 'out');
        await person.ok('pull', 'both/copies', '-o', target);
        return fs.readFileSync(path.join(target, 'bytes'));
      };
      assert.ok((await pulled()).equals(bytes));
      // The range that holds the flipped bit is read from the other copy, too.
      assert.ok(
        (await rangeOf(maya, 'both/copies@1/bytes', '999999+3')).equals(
          bytes.subarray(999_999, 1_000_002),
        ),
      );
      fs.rmSync(file);
      assert.ok((await pulled()).equals(bytes));
      const again = await maya.json(
        'replicate',
        'both/copies',
        '--to',
        'team-bucket',
      );
      assert.equal(again.copiedBlobs, 0);
    });

    it('keeps a second copy where a rule asks for one', async () => {
      const bytes = randomBytes(12 * MIB);
      const folder = folderOf({ bytes });
      await maya.ok('push', folder, 'twice/copies', '--type', 'dataset');
      await until(
        async () => {
          const { items } = await maya.json('store', 'jobs', 'twice/copies');
          return items[0]?.state === 'done';
        },
        'the copy that a rule asks for',
        60,
      );
      const hex = digestOf(bytes).slice('sha256:'.length);
      const blobs = path.join(portal.dataDirectory, 'blobs');
      const [file] = [...filesUnder(blobs)].filter(each => each.endsWith(hex));
      const address = `${portal.url}/api/asset-manager/assets/twice/copies/versions/1/files/bytes`;
      const from = async query => {
        const answer = await fetch(`${address}${query}`, {
          headers: maya.headers(),
          redirect: 'manual',
        });
        await answer.body?.cancel();
        return answer.headers.get('asset-store');
      };
      assert.equal(await from(''), 'local');
      assert.equal(
        await from('?prefer=team-bucket&prefer=local'),
        'team-bucket',
      );
      assert.equal(
        await from('?prefer=team-bucket&without=team-bucket'),
        'local',
      );
      fs.rmSync(file);
      const target = path.join(temporaryFolder('pull'), 'out');
      const before = server.gate?.counts.signedGets;
      const { code, stderr } = await otto.start(
        ['pull', 'twice/copies', '-o', target],
        { env: { BASEASSET_STORES: 'elsewhere, team-bucket' } },
      ).ended;
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /BASEASSET_STORES has "elsewhere", which is no store of this portal; it has local, team-bucket/,
      );
      assert.ok(fs.readFileSync(path.join(target, 'bytes')).equals(bytes));
      // By two ranges at once.
      if (before !== undefined)
        assert.equal(server.gate.counts.signedGets, before + 2);
      const { findings } = await maya.json('store', 'check');
      assert.partialDeepStrictEqual(
        findings.filter(({ key }) => key.endsWith(hex)),
        [{ store: 'local', problem: 'missing', outcome: 'healed' }],
      );
    });

    it('checks what stands in the stores, and heals it from the other copy', async () => {
      const bytes = randomBytes(MIB);
      await maya.ok(
        'push',
        folderOf({ bytes }),
        'both/checked',
        '--type',
        'dataset',
      );
      await maya.ok('replicate', 'both/checked', '--to', 'team-bucket');
      const hex = digestOf(bytes).slice('sha256:'.length);
      const blobs = path.join(portal.dataDirectory, 'blobs');
      const [file] = [...filesUnder(blobs)].filter(each => each.endsWith(hex));
      const check = async (...options) => {
        const { code, stdout } = await maya.asset(
          'store',
          'check',
          '--json',
          ...options,
        );
        const report = JSON.parse(stdout);
        assert.equal(report.check.state, 'done');
        return {
          code,
          found: report.findings.filter(
            ({ asset, key }) => asset === 'both/checked' || key.endsWith(hex),
          ),
        };
      };
      assert.deepEqual((await check('--read-data')).found, []);
      fs.rmSync(file);
      assert.partialDeepStrictEqual((await check()).found, [
        { store: 'local', problem: 'missing', outcome: 'healed' },
      ]);
      assert.ok(fs.readFileSync(file).equals(bytes));

      const flipped = Buffer.from(bytes);
      flipped[1000] ^= 1;
      fs.chmodSync(file, 0o644);
      fs.writeFileSync(file, flipped);
      assert.deepEqual((await check()).found, []);
      assert.partialDeepStrictEqual((await check('--read-data')).found, [
        { store: 'local', problem: 'damaged', outcome: 'healed' },
      ]);
      assert.ok(fs.readFileSync(file).equals(bytes));

      // What an upload left that never came to its end.
      const orphan = path.join(
        path.dirname(file),
        hex.replace(/..$/, end => (end === '00' ? '11' : '00')),
      );
      fs.writeFileSync(orphan, 'nobody knows me');
      assert.partialDeepStrictEqual((await check('--store', 'local')).found, [
        { problem: 'orphan', outcome: 'told', size: 15 },
      ]);
      assert.partialDeepStrictEqual((await check('--collect-orphans')).found, [
        { problem: 'orphan', outcome: 'condemned' },
      ]);
      const plan = await maya.json('gc', '--dry-run');
      assert.ok(plan.items.some(({ key }) => orphan.endsWith(key)));

      assert.equal((await otto.asset('store', 'check')).code, 4);
      const wrong = await maya.asset('store', 'check', '--sample', 'all');
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /has to be a percentage/);
      assert.match(await maya.ok('store', 'checks'), /condemned/);
    });

    it('says what no copy is left of, until somebody pushes it again', async () => {
      const folder = folderOf({ gone: randomBytes(MIB) });
      await maya.ok('push', folder, 'both/gone', '--type', 'dataset');
      const bytes = fs.readFileSync(path.join(folder, 'gone'));
      const hex = digestOf(bytes).slice('sha256:'.length);
      const blobs = path.join(portal.dataDirectory, 'blobs');
      const [file] = [...filesUnder(blobs)].filter(each => each.endsWith(hex));
      fs.rmSync(file);
      const checked = await maya.asset('store', 'check');
      assert.equal(checked.code, 1);
      assert.match(
        checked.stdout,
        /local +missing +lost +both\/gone +1\.0 MiB/,
      );
      assert.match(checked.stderr, /mends them with another asset push/);
      await verified(maya, 'both/gone@1', 'damaged');
      await maya.ok('push', folder, 'both/gone');
      await verified(maya, 'both/gone@1');
      assert.ok(fs.readFileSync(file).equals(bytes));
    });

    it('tells operators what is wrong with a store, and what bytes take', async () => {
      const examined = await maya.asset('doctor', '--json');
      const { items } = JSON.parse(examined.stdout);
      assert.deepEqual(
        items
          .filter(({ state }) => state !== 'ok')
          .map(({ check, state }) => [check, state]),
        // The one server has no rules, the other one none that deletes parts.
        [['lifecycle rules', kind === 's3' ? 'skipped' : 'warned']],
      );
      assert.deepEqual(
        items
          .filter(({ store }) => store === 'team-bucket')
          .map(({ check }) => check),
        [
          'write',
          'read',
          'list',
          'signed PUT',
          'clock',
          'signed PUT twice',
          'signed GET',
          'CORS',
          'lifecycle rules',
          'delete',
          'delete of a revision',
        ],
      );
      assert.equal((await otto.asset('doctor')).code, 4);
      const report = await maya.json('store', 'usage');
      const inBucket = report.byStore.find(
        ({ value }) => value === 'team-bucket',
      );
      assert.ok(inBucket.storedBytes > 0);
      assert.equal(
        report.storedBytes,
        report.byOwner.reduce((sum, each) => sum + each.storedBytes, 0),
      );
      assert.equal((await otto.asset('store', 'usage')).code, 4);
      // What was moved away, and what was never published.
      const plan = await maya.json('gc', '--dry-run');
      const moved = plan.items.filter(({ reason }) => reason === 'condemned');
      assert.ok(moved.length >= 4);
      assert.ok(moved.every(({ keptBy }) => /the grace/.test(keptBy)));
      assert.deepEqual(await maya.json('gc'), { deleted: 0 });
      assert.equal((await otto.asset('gc', '--dry-run')).code, 4);
      if (kind === 's3') {
        await withoutCors(server, 'team');
        const broken = await maya.asset('doctor');
        assert.equal(broken.code, 1);
        assert.match(broken.stdout, /CORS +failed .*allow the origin http/);
      }
    });

    it('shows operators the stores in the portal, and nobody else', async t => {
      if (missing) {
        t.skip(`there is no Chromium here: ${missing}`);
        return;
      }
      const page = await pageOf(browser, portal, 'maya');
      await page.goto(`${portal.url}/assets`);
      await page.getByRole('link', { name: 'Storage' }).click();
      const stores = page.getByRole('table', { name: 'Stores' });
      await stores.getByText('team-bucket').waitFor();
      await stores.getByText('direct').waitFor();
      await page
        .getByRole('table', { name: 'Waiting to be deleted' })
        .getByText('nothing refers to it')
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Try every store' }).click();
      await page
        .getByText(
          kind === 's3'
            ? '1 of 15 tries failed.'
            : 'Nothing failed, 1 of 15 tries warned.',
        )
        .waitFor();
      const checks = page.getByRole('table', { name: 'Fixity checks' });
      const lastCheck = async () =>
        (await maya.json('store', 'checks')).items[0];
      const { id: former } = await lastCheck();
      await page.getByRole('button', { name: 'Look for everything' }).click();
      await until(async () => {
        const { id, state } = await lastCheck();
        return id !== former && state === 'done';
      }, 'the check that the portal ordered');
      await checks.getByRole('row').nth(1).getByText('maya').waitFor();
      await checks.getByRole('progressbar').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Details' }).last().click();
      await page
        .getByRole('table', { name: 'What the check found' })
        .getByRole('row')
        .nth(1)
        .waitFor();
      await picture(page, `storage-${kind}`);
      assert.deepEqual(page.problems, []);
      await page.context().close();
      const other = await pageOf(browser, portal, 'otto');
      await other.goto(`${portal.url}/assets/storage`);
      await other.getByText('only operators may do this').first().waitFor();
      await other.goto(`${portal.url}/assets`);
      await other.getByRole('row', { name: /reads/ }).first().waitFor();
      assert.equal(
        await other.getByRole('link', { name: 'Storage' }).count(),
        0,
      );
      await other.context().close();
    });

    it('brings everything back after the database is lost', async () => {
      const folder = folderOf({ 'a.txt': 'kept\n', 'b/c.txt': 'too\n' });
      await maya.ok(
        'push',
        folder,
        'both/kept',
        ...['--type', 'dataset', '-m', 'to be kept', '--alias', 'stable'],
      );
      const reads = await maya.json('show', 'cloud/reads@latest');
      const blobs = path.join(portal.dataDirectory, 'blobs');
      await until(
        async () =>
          [...filesUnder(blobs)].some(
            file =>
              /[/]records[/]/.test(file) &&
              fs.readFileSync(file, 'utf8').includes('"stable"'),
          ),
        'the record of both/kept',
        60,
      );
      const rebuild = (...options) => maya.json('store', 'rebuild', ...options);
      assert.deepEqual((await rebuild('--dry-run')).assets, []);
      assert.equal((await otto.asset('store', 'rebuild')).code, 4);

      await portal.kill();
      const databases = path.join(portal.dataDirectory, 'database');
      const lost = fs
        .readdirSync(databases)
        .filter(name => name.startsWith('asset-manager'));
      assert.ok(lost.length > 0);
      for (const name of lost) fs.rmSync(path.join(databases, name));
      await portal.restart();
      const unknown = await maya.asset('show', 'both/kept');
      assert.match(unknown.stderr, /there is no asset/);
      const names = ({ assets }) =>
        assets
          .filter(({ state }) => state === 'restored')
          .map(({ asset }) => asset);
      const planned = names(await rebuild('--dry-run'));
      assert.ok(planned.includes('both/kept'));
      assert.ok(planned.includes('cloud/reads'));
      assert.deepEqual(names(await rebuild()), planned);
      await verified(maya, 'both/kept@stable');
      const kept = await maya.json('show', 'both/kept@latest');
      assert.deepEqual(
        [kept.label, kept.message, kept.createdBy],
        ['1', 'to be kept', 'user:default/maya'],
      );
      await verified(maya, 'cloud/reads@latest');
      assert.equal(
        (await maya.json('show', 'cloud/reads@latest')).digest,
        reads.digest,
      );
      assert.match(await otto.ok('verify', 'cloud/reads'), /5 files match/);
      const target = path.join(temporaryFolder('pull'), 'out');
      await otto.ok('pull', 'both/kept', '-o', target);
      assert.equal(
        fs.readFileSync(path.join(target, 'b/c.txt'), 'utf8'),
        'too\n',
      );
      assert.deepEqual((await rebuild()).assets, []);
    });

    it('leaves nothing that was signed in a log', () => {
      assert.doesNotMatch(
        portal.log(),
        /X-(Amz|Goog)-(Signature|Credential)|testers-secret/i,
      );
    });
  });
}

/** CRC32C (RFC 3720), its highest byte first, in base64. */
function crc32cOf(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const result = Buffer.alloc(4);
  result.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return result.toString('base64');
}
