/** Memory of many transfers at once, and of a very large one. */
import { randomFillSync } from 'node:crypto';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openPortal, personAt } from '../../e2e/support.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import {
  MIB,
  newFolder,
  residentMiB,
  seconds,
  watched,
  workshop,
} from '../measure.mjs';

const TRANSFERS = 32;
const EACH_MIB = 128;
const HUGE_GB = Number(process.env.BENCH_HUGE_GB ?? 50);

const AIM = 'under 64 MiB a transfer';

/** What Node takes that does nothing but wait. */
async function idleNode() {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 5000)']);
  await new Promise(resolve => setTimeout(resolve, 1000));
  const size = residentMiB(child.pid);
  child.kill();
  return size;
}

function largest(results) {
  return {
    client: Math.max(...results.map(({ client }) => client)),
    backend: Math.max(...results.map(({ backend }) => backend)),
  };
}

/** The bytes of a file to nowhere, as a pipe would have them. */
async function read(person, portal, reference) {
  const idle = residentMiB(portal.pid());
  const child = spawn(
    process.execPath,
    [path.join(root, 'packages/cli/bin/asset.cjs'), 'cat', reference],
    { env: person.env, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const most = { client: 0, backend: 0 };
  const timer = setInterval(() => {
    most.client = Math.max(most.client, residentMiB(child.pid));
    most.backend = Math.max(most.backend, residentMiB(portal.pid()));
  }, 50);
  const code = await new Promise(resolve => child.once('exit', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`asset cat ended with ${code}`);
  return { client: most.client, backend: Math.max(0, most.backend - idle) };
}

export async function run(report) {
  report.part('Memory');
  const portal = await openPortal({
    configuration: { assetManager: { validateResponses: false } },
  });
  try {
    const maya = personAt(portal, 'maya');
    await maya.signIn();
    const node = await idleNode();
    const row = (what, { client, backend }, transfers, tiny) => {
      report.row(
        `${what}: the command above Node alone`,
        `${(client - node).toFixed(0)} MiB, ${Math.max(
          0,
          client - tiny.client,
        ).toFixed(0)} more than for a byte`,
        AIM,
      );
      report.row(
        `${what}: the backend above idle`,
        `${backend.toFixed(0)} MiB, ${(backend / transfers).toFixed(
          0,
        )} a transfer`,
        AIM,
      );
    };
    const byte = newFolder('byte');
    fs.mkdirSync(byte);
    fs.writeFileSync(path.join(byte, 'data.bin'), 'a');
    const pushedByte = await watched(maya, portal, [
      ...['push', byte, 'bench/byte', '--type', 'dataset'],
    ]);
    const pulledByte = await watched(maya, portal, [
      ...['pull', 'bench/byte', '-o', newFolder('pull')],
    ]);
    const readByte = await read(maya, portal, 'bench/byte@latest/data.bin');
    const folders = Array.from({ length: TRANSFERS }, () => {
      const folder = newFolder('one');
      fs.mkdirSync(folder);
      fs.writeFileSync(
        path.join(folder, 'data.bin'),
        randomFillSync(Buffer.alloc(EACH_MIB * MIB)),
      );
      return folder;
    });
    const pushed = await Promise.all(
      folders.map((folder, index) =>
        watched(maya, portal, [
          ...['push', folder, `bench/m${index}`, '--type', 'dataset'],
        ]),
      ),
    );
    row(
      `${TRANSFERS} pushes of ${EACH_MIB} MiB at once`,
      largest(pushed),
      TRANSFERS,
      pushedByte,
    );
    const pulled = await Promise.all(
      folders.map((_, index) =>
        watched(
          maya,
          portal,
          ['pull', `bench/m${index}`, '-o', newFolder('pull')],
          { BASEASSET_CACHE: newFolder('cache') },
        ),
      ),
    );
    row(
      `${TRANSFERS} pulls of ${EACH_MIB} MiB at once`,
      largest(pulled),
      TRANSFERS,
      pulledByte,
    );

    fs.rmSync(workshop, { recursive: true });
    const { bavail, bsize } = fs.statfsSync(portal.dataDirectory);
    if (bavail * bsize < HUGE_GB * 1.1e9) {
      report.row(
        `a sparse file of ${HUGE_GB} GB`,
        'skipped: the disk has not that much room',
      );
      return;
    }
    const huge = newFolder('huge');
    fs.mkdirSync(huge, { recursive: true });
    fs.writeFileSync(path.join(huge, 'sparse.bin'), '');
    fs.truncateSync(path.join(huge, 'sparse.bin'), HUGE_GB * 1e9);
    let most;
    const took = await seconds(async () => {
      most = await watched(maya, portal, [
        ...['push', huge, 'bench/huge', '--type', 'dataset'],
      ]);
    });
    row(
      `push of a sparse file of ${HUGE_GB} GB (${took.toFixed(0)} s)`,
      most,
      1,
      pushedByte,
    );
    row(
      `reading it whole, verified`,
      await read(maya, portal, 'bench/huge@latest/sparse.bin'),
      1,
      readByte,
    );
  } finally {
    await portal.close();
  }
}
