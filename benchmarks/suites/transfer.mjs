/** A large file and many small ones, to the local store and back, beside other tools. */
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { openPortal, personAt } from '../../e2e/support.mjs';
import {
  copyAndHash,
  largeFile,
  newFolder,
  ratio,
  seconds,
  secondsAtRest,
  smallFiles,
  watched,
} from '../measure.mjs';
import { startDvc, startMlflow, startNginx } from '../servers.mjs';

const LARGE_MIB = Number(process.env.BENCH_LARGE_MIB ?? 2048);
const SMALL_COUNT = Number(process.env.BENCH_SMALL_COUNT ?? 10_000);

async function thread({ maya, otto, portal }, folder, name) {
  const limit = await copyAndHash(folder);
  const push = await watched(maya, portal, [
    ...['push', folder, `bench/${name}`, '--type', 'dataset'],
  ]);
  const line = ['pull', `bench/${name}`, '-o', newFolder('pull')];
  const pull = await watched(otto, portal, line);
  const again = await watched(otto, portal, line);
  return { limit, push, pull, again };
}

const start = promisify(execFile);

/** Has a program in the language of the command line hash a file. */
function hashInNode(file) {
  const program = `
    const fs = require('node:fs');
    const hash = require('node:crypto').createHash('sha256');
    const file = fs.openSync(process.argv[1], 'r');
    const block = Buffer.alloc(1 << 20);
    for (let read; (read = fs.readSync(file, block)) > 0; )
      hash.update(block.subarray(0, read));
    hash.digest();
  `;
  return start(process.execPath, ['-e', program, file]);
}

/** The same folder to another tool and back. */
async function compare(report, peer, folder, own) {
  if (peer.missing) {
    report.row(peer.name, `skipped: ${peer.missing}`);
    return;
  }
  execFileSync('sync');
  const { took, handle } = await peer.push(folder);
  report.row(
    `push by ${peer.name}, against ours`,
    `${took.toFixed(1)} s, ${ratio(took, own.push.took)}`,
    'at least 2 ×',
  );
  execFileSync('sync');
  const back = await peer.pull(handle);
  report.row(
    `pull by ${peer.name}, against ours`,
    `${back.toFixed(1)} s, ${ratio(back, own.pull.took)}`,
    'more than 1 ×; 2 × for small files',
  );
}

async function againstNginx(report, folder, own) {
  const nginx = await startNginx();
  if (nginx.missing) {
    report.row('PUT of it to nginx', `skipped: ${nginx.missing}`);
    return;
  }
  const file = path.join(folder, 'large.bin');
  const put = name => start('curl', ['-sfT', file, `${nginx.url}/${name}`]);
  const took = await secondsAtRest(() => put('large.bin'));
  // It acknowledges what is in memory; ours is on the disk.
  const synced = await seconds(() => execFileSync('sync'));
  const hashed = await secondsAtRest(() =>
    Promise.all([put('hashed.bin'), hashInNode(file), hashInNode(file)]),
  );
  const hashedSynced = await seconds(() => execFileSync('sync'));
  const fetched = newFolder('fetched.bin');
  const got = await secondsAtRest(() => {
    execFileSync('curl', ['-sfo', fetched, `${nginx.url}/large.bin`]);
    execFileSync('cp', [fetched, newFolder('copied.bin')]);
  });
  await nginx.stop();
  report.row(
    `push of it against a PUT to nginx (${took.toFixed(1)} s)`,
    `${ratio(own.push.took, took)}, ${ratio(
      own.push.took,
      took + synced,
    )} with a sync`,
    'within 1.18 × (85 % of its speed)',
  );
  report.row(
    'that PUT with a hash at each end beside it, and a sync, against the PUT alone',
    `${ratio(hashed + hashedSynced, took)}`,
  );
  report.row(
    `pull of it against a GET from nginx and a copy by cp (${got.toFixed(
      1,
    )} s)`,
    ratio(own.pull.took, got),
  );
}

export async function run(report) {
  const portal = await openPortal({
    configuration: { assetManager: { validateResponses: false } },
  });
  const peers = [];
  try {
    const maya = personAt(portal, 'maya');
    const otto = personAt(portal, 'otto');
    await maya.signIn();
    await otto.signIn();
    const people = { maya, otto, portal };

    report.part(`A file of ${LARGE_MIB} MiB`);
    const large = largeFile(LARGE_MIB);
    const big = await thread(people, large, 'large');
    report.row('copy and hash of it (the limit)', `${big.limit.toFixed(2)} s`);
    report.row('push', ratio(big.push.took, big.limit), 'within 1.5 ×');
    report.row('pull', ratio(big.pull.took, big.limit), 'within 1.5 ×');
    report.row(
      'the same pull again',
      `${big.again.took.toFixed(2)} s`,
      'under 0.3 s',
    );
    report.row(
      'most memory of the command, push / pull',
      `${big.push.client.toFixed(0)} / ${big.pull.client.toFixed(0)} MiB`,
      'under 200 MiB',
    );
    report.row(
      'most memory of the backend above idle, push / pull',
      `${big.push.backend.toFixed(0)} / ${big.pull.backend.toFixed(0)} MiB`,
      'under 200 MiB',
    );
    report.row(
      'a hash of it by Node, of which a push has one at each end',
      `${(
        await secondsAtRest(() => hashInNode(path.join(large, 'large.bin')))
      ).toFixed(2)} s`,
    );
    await againstNginx(report, large, big);
    peers.push(await startMlflow(), await startDvc());
    for (const peer of peers) await compare(report, peer, large, big);

    report.part(`${SMALL_COUNT} files of 10 KiB`);
    const small = smallFiles(SMALL_COUNT, 10 * 1024);
    const many = await thread(people, small, 'small');
    const rate = took => `${(SMALL_COUNT / took).toFixed(0)} files/s`;
    report.row(
      'copy and hash of them (the limit)',
      `${many.limit.toFixed(2)} s`,
    );
    report.row(
      'push',
      `${ratio(many.push.took, many.limit)}, ${rate(many.push.took)}`,
    );
    report.row(
      'pull',
      `${ratio(many.pull.took, many.limit)}, ${rate(many.pull.took)}`,
    );
    report.row('the same pull again', `${many.again.took.toFixed(2)} s`);
    for (const peer of peers) await compare(report, peer, small, many);
  } finally {
    for (const peer of peers) await peer.stop?.();
    await portal.close();
  }
}
