/** Twenty thousand files of 4.6 KiB, against copying, linking and walking them. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { openPortal, personAt } from '../../e2e/support.mjs';
import {
  copyAndHash,
  newFolder,
  ratio,
  secondsAtRest,
  smallFiles,
  watched,
} from '../measure.mjs';

const COUNT = 20_000;
const SIZE = 4710;
/** What the language of the command line can't do without: a process, and a stat of each file. */
const WALK = `
  const fs = require('node:fs');
  for (const name of fs.readdirSync(process.argv[1], { recursive: true }))
    fs.lstatSync(process.argv[1] + '/' + name, { bigint: true });
`;
/** The same for links. */
const LINK = `
  const fs = require('node:fs');
  const [from, to] = process.argv.slice(1);
  fs.mkdirSync(to);
  const entries = fs.readdirSync(from, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const name = (entry.parentPath + '/' + entry.name).slice(from.length);
    if (entry.isDirectory()) fs.mkdirSync(to + name, { recursive: true });
    else {
      fs.mkdirSync(to + name.slice(0, name.lastIndexOf('/')), { recursive: true });
      fs.linkSync(from + name, to + name);
    }
  }
`;
/** The same for copies. */
const COPY = `
  const [from, to] = process.argv.slice(1);
  require('node:fs').cpSync(from, to, { recursive: true });
`;

const start = promisify(execFile);

/** Hashes all files of a folder by the fastest program there is. */
const hashAll = folder =>
  start(
    'sh',
    ['-c', 'find . -type f -print0 | xargs -0 sha256sum > /dev/null'],
    { cwd: folder },
  );

/** Seconds of a program in the language of the command line. */
const inNode = (program, ...args) =>
  secondsAtRest(() => execFileSync(process.execPath, ['-e', program, ...args]));

export async function run(report) {
  report.part(`${COUNT} files of 4.6 KiB`);
  const portal = await openPortal({
    configuration: { assetManager: { validateResponses: false } },
  });
  try {
    const maya = personAt(portal, 'maya');
    const otto = personAt(portal, 'otto');
    await maya.signIn();
    await otto.signIn();
    const folder = smallFiles(COUNT, SIZE);
    const copy = await secondsAtRest(() => {
      execFileSync('cp', ['-r', folder, newFolder('copy')]);
      execFileSync('sync');
    });
    const line = ['push', folder, 'bench/tree', '--type', 'dataset'];
    const push = await watched(maya, portal, line);
    report.row(
      'push, durable',
      `${(COUNT / push.took).toFixed(0)} files/s`,
      'above 8000',
    );
    report.row(
      'push against cp -r and a sync',
      ratio(push.took, copy),
      'under 1 ×',
    );
    const copyHashed = await secondsAtRest(() =>
      Promise.all([
        hashAll(folder),
        hashAll(folder),
        start('sh', [
          ...['-c', 'cp -r "$0" "$1" && sync'],
          ...[folder, newFolder('copy')],
        ]),
      ]),
    );
    report.row(
      'cp -r and a sync with a hash at each end beside it, against them alone',
      ratio(copyHashed, copy),
    );
    const walk = await secondsAtRest(() =>
      execFileSync('find', [folder, '-printf', '%s %T@\n'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    );
    const again = await watched(maya, portal, line);
    report.row(
      'unchanged push against a walk by find',
      `${ratio(again.took, walk)}, ${again.took.toFixed(2)} s`,
      'within 3 ×',
    );
    const walkInNode = await inNode(WALK, folder);
    report.row(
      'unchanged push against the same walk by Node, its start included',
      ratio(again.took, walkInNode),
    );
    const hashed = await copyAndHash(folder);
    const pull = (...options) =>
      watched(otto, portal, [
        ...['pull', 'bench/tree', '-o', newFolder('pull'), ...options],
      ]);
    const cold = await pull();
    report.row(
      'cold pull against copy and hash',
      ratio(cold.took, hashed),
      'within 1.5 ×',
    );
    const copied = await secondsAtRest(() =>
      execFileSync('cp', ['-r', folder, newFolder('copy')]),
    );
    report.row(
      'cold pull against two copies, as it makes for cache and folder, and a hash',
      ratio(cold.took, hashed + copied),
    );
    const warm = await pull();
    report.row(
      'warm pull against cp -r',
      `${ratio(warm.took, copied)}, ${warm.took.toFixed(2)} s`,
      'within 1.3 ×',
    );
    report.row(
      'warm pull against a copy by Node, its start included',
      ratio(warm.took, await inNode(COPY, folder, newFolder('copy'))),
    );
    const links = await secondsAtRest(() =>
      execFileSync('cp', ['-al', folder, newFolder('links')]),
    );
    await pull('--link');
    const linked = await pull('--link');
    report.row(
      'warm pull --link against cp -al',
      `${ratio(linked.took, links)}, ${linked.took.toFixed(2)} s`,
      'within 1.3 ×',
    );
    report.row(
      'warm pull --link against links by Node, its start included',
      ratio(linked.took, await inNode(LINK, folder, newFolder('links'))),
    );
  } finally {
    await portal.close();
  }
}
