/**
 * `npm run bench`: times the whole thread against what no tool can beat on this
 * machine, in one run, and writes the ratios into docs/benchmarks.md.
 */
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from '../scripts/lib/build.mjs';
import { root, setUp } from '../scripts/lib/tools.mjs';

const MIB = 1024 * 1024;
const LARGE_MIB = Number(process.env.BENCH_LARGE_MIB ?? 2048);
const SMALL_COUNT = Number(process.env.BENCH_SMALL_COUNT ?? 10_000);
const ASSET_COUNT = Number(process.env.BENCH_ASSET_COUNT ?? 10_000);

const tools = setUp();
build(tools);
const { openBrowser, openPortal, pageOf, personAt, temporaryFolder } =
  await import('../e2e/support.mjs');

const rows = [];
function report(what, value, aim = '') {
  rows.push([what, value, aim]);
  console.log(`${what.padEnd(64)} ${value.padStart(20)}   ${aim}`);
}

async function seconds(work) {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

function residentMiB(pid) {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
  } catch {
    return 0;
  }
}

/** Runs a line of a person, and watches how large it and the backend become. */
async function watched(person, portal, args) {
  const idle = residentMiB(portal.pid());
  const { child, ended } = person.start(args);
  const most = { client: 0, backend: 0 };
  const timer = setInterval(() => {
    most.client = Math.max(most.client, residentMiB(child.pid));
    most.backend = Math.max(most.backend, residentMiB(portal.pid()));
  }, 50);
  const took = await seconds(async () => {
    const { code, stderr } = await ended;
    if (code !== 0) throw new Error(stderr);
  });
  clearInterval(timer);
  return { took, client: most.client, backend: most.backend - idle };
}

/** What no tool can beat: copy everything, and hash everything. */
function copyAndHash(folder) {
  const target = path.join(temporaryFolder('copy'), 'copy');
  return seconds(async () => {
    execFileSync('cp', ['-r', folder, target]);
    execFileSync(
      'sh',
      ['-c', 'find . -type f -print0 | xargs -0 sha256sum > /dev/null'],
      { cwd: target },
    );
  }).finally(() => fs.rmSync(path.dirname(target), { recursive: true }));
}

async function thread(name, folder, portal, idleClient) {
  const maya = personAt(portal, 'maya');
  const otto = personAt(portal, 'otto');
  await maya.signIn();
  await otto.signIn();
  const limit = await copyAndHash(folder);
  const push = await watched(maya, portal, [
    'push',
    folder,
    `bench/${name}`,
    '--type',
    'dataset',
  ]);
  const target = path.join(temporaryFolder('pull'), 'out');
  const pull = await watched(otto, portal, [
    'pull',
    `bench/${name}`,
    '-o',
    target,
  ]);
  const again = await watched(otto, portal, [
    'pull',
    `bench/${name}`,
    '-o',
    target,
  ]);
  fs.rmSync(path.dirname(target), { recursive: true });
  return { limit, push, pull, again, idleClient };
}

const ratio = (value, limit) => `${(value / limit).toFixed(2)} ×`;

const portal = await openPortal({
  configuration: { assetManager: { validateResponses: false } },
});
try {
  const cli = path.join(root, 'packages/cli/bin/asset.cjs');
  const help = [];
  const bare = [];
  for (let run = 0; run < 7; run++) {
    help.push(
      await seconds(async () => execFileSync(tools.node, [cli, '--help'])),
    );
    bare.push(await seconds(async () => execFileSync(tools.node, ['-e', '0'])));
  }
  const median = list =>
    [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  report(
    'asset --help',
    `${median(help).toFixed(3)} s`,
    `under 0.25 s; Node alone ${median(bare).toFixed(3)} s`,
  );

  const large = temporaryFolder('large');
  const descriptor = fs.openSync(path.join(large, 'large.bin'), 'w');
  const block = Buffer.alloc(16 * MIB);
  for (let written = 0; written < LARGE_MIB; written += 16) {
    randomFillSync(block);
    fs.writeSync(descriptor, block);
  }
  fs.closeSync(descriptor);
  const big = await thread('large', large, portal);
  fs.rmSync(large, { recursive: true });
  report(
    `copy and hash of a file of ${LARGE_MIB} MiB (the limit)`,
    `${big.limit.toFixed(2)} s`,
  );
  report('push of it', ratio(big.push.took, big.limit), 'within 1.5 ×');
  report('pull of it', ratio(big.pull.took, big.limit), 'within 1.5 ×');
  report(
    'the same pull again',
    `${big.again.took.toFixed(2)} s`,
    'under 0.3 s',
  );
  report(
    'most memory of the command, push / pull',
    `${big.push.client.toFixed(0)} / ${big.pull.client.toFixed(0)} MiB`,
    'under 200 MiB above idle',
  );
  report(
    'most memory of the backend above idle, push / pull',
    `${big.push.backend.toFixed(0)} / ${big.pull.backend.toFixed(0)} MiB`,
    'under 200 MiB',
  );

  const small = temporaryFolder('small');
  for (let index = 0; index < SMALL_COUNT; index++) {
    const folder = path.join(small, `${index % 100}`);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(
      path.join(folder, `${index}.bin`),
      randomFillSync(Buffer.alloc(10 * 1024)),
    );
  }
  const many = await thread('small', small, portal);
  fs.rmSync(small, { recursive: true });
  report(
    `copy and hash of ${SMALL_COUNT} files of 10 KiB (the limit)`,
    `${many.limit.toFixed(2)} s`,
  );
  report(
    'push of them',
    `${ratio(many.push.took, many.limit)}, ${(
      SMALL_COUNT / many.push.took
    ).toFixed(0)} files/s`,
    'above 500 files/s, durable',
  );
  report(
    'pull of them',
    `${ratio(many.pull.took, many.limit)}, ${(
      SMALL_COUNT / many.pull.took
    ).toFixed(0)} files/s`,
  );
  report('the same pull again', `${many.again.took.toFixed(2)} s`);

  const maya = personAt(portal, 'maya');
  await maya.signIn();
  const { accessToken } = JSON.parse(
    fs.readFileSync(
      path.join(maya.home, 'config/baseasset/logins.json'),
      'utf8',
    ),
  ).logins[0];
  const headers = {
    Authorization: `Bearer ${accessToken}`,
    'Content-Type': 'application/json',
  };
  let next = 0;
  const created = await seconds(() =>
    Promise.all(
      Array.from({ length: 8 }, async () => {
        while (next < ASSET_COUNT) {
          const number = next++;
          await fetch(`${portal.url}/api/asset-manager/assets`, {
            method: 'POST',
            headers,
            body: JSON.stringify({
              namespace: `n${number % 20}`,
              name: `asset-${number}`,
              type: 'dataset',
              tags: [`t${number % 7}`],
            }),
          });
        }
      }),
    ),
  );
  report(
    `${ASSET_COUNT} assets created over HTTP`,
    `${(ASSET_COUNT / created).toFixed(0)} a second`,
  );
  const settled = await seconds(async () => {
    for (;;) {
      const answer = await fetch(
        `${portal.url}/api/catalog/entities/by-query?filter=kind=asset&limit=1`,
        { headers },
      );
      if ((await answer.json()).totalItems >= ASSET_COUNT) return;
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  });
  report(
    'until the catalog has them all, after the last',
    `${settled.toFixed(1)} s`,
  );
  const { browser, missing } = await openBrowser();
  if (missing) {
    report('first rows of the Assets page', `skipped: ${missing}`);
  } else {
    const page = await pageOf(browser, portal, 'maya');
    const times = [];
    for (let run = 0; run < 5; run++) {
      await page.goto(`${portal.url}/assets`);
      await page.getByRole('heading', { name: 'Assets' }).waitFor();
      times.push(
        await seconds(() =>
          page
            .getByRole('row', { name: /asset-/ })
            .first()
            .waitFor(),
        ),
      );
    }
    report(
      `first rows of the Assets page, with ${ASSET_COUNT} assets`,
      `${median(times).toFixed(2)} s`,
      'under 1 s after the page is there',
    );
    await browser.close();
  }
} finally {
  await portal.close();
}

const cpu = os.cpus();
const text = `# Benchmarks

\`npm run bench\` times the whole thread (the built portal with its embedded defaults and
the bundled command line, both on this machine) against copying and hashing the same files
with \`cp -r\` and \`sha256sum\`. The ratios are of one run; the machine matters less to them
than to the times. What is pushed is durable before it is acknowledged: written, synced,
verified, named, synced again.

The last run: ${new Date().toISOString().slice(0, 10)}, ${
  cpu.length
} cores (${cpu[0].model.trim()}), ${Math.round(
  os.totalmem() / 2 ** 30,
)} GiB, Node ${execFileSync(tools.node, ['-v'], { encoding: 'utf8' }).trim()}.

| | measured | aim |
|---|---|---|
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}
`;
fs.writeFileSync(path.join(root, 'docs/benchmarks.md'), text);
