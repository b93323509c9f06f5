/**
 * `npm run test:faults [-- ROUNDS [FIRST SEED]]`: histories of faults by seed, 200
 * when nothing else is said. Its report stands in docs/faults.md.
 */
import fs from 'node:fs';
import path from 'node:path';
import { assertNothingIsLeft, History } from '../e2e/faults/history.mjs';
import { PowerCut, whyNoPowerCuts } from '../e2e/faults/PowerCut.mjs';
import { IMPATIENT, Replicas } from '../e2e/faults/Replicas.mjs';
import { personAt } from '../e2e/support.mjs';
import { build } from './lib/build.mjs';
import { root, say, setUp } from './lib/tools.mjs';

const [rounds, first] = [
  Number(process.argv[2] ?? 200),
  Number(process.argv[3] ?? 1),
];
/** After so many rounds it is looked whether anything is left behind. */
const LOOK_EVERY = 20;
/** One power cut for so many histories. */
const CUTS_AMONG = 5;

build(setUp());
const replicas = await Replicas.start();
if (replicas.missing) {
  say(`Skipped: ${replicas.missing}`);
  process.exit(1);
}
const people = {
  maya: personAt(replicas, 'maya', IMPATIENT),
  otto: personAt(replicas, 'otto', IMPATIENT),
};
await people.maya.signIn();
await people.otto.signIn();

const started = Date.now();
const failures = [];
const struck = new Map();
let orphans = 0;
let rotten = 0;
for (let seed = first; seed < first + rounds; seed++) {
  const history = new History(seed, { replicas, people });
  try {
    await history.run();
    if ((seed - first + 1) % LOOK_EVERY === 0 || seed === first + rounds - 1)
      orphans += await assertNothingIsLeft(replicas, people);
  } catch (error) {
    failures.push({ seed, lines: history.lines, message: error.message });
  }
  for (const line of history.lines) {
    if (line.startsWith('rot: ')) {
      rotten += line.split(',').length;
      continue;
    }
    const fault = /: (\w+, [a-zA-Z -]+) \d/.exec(line)?.[1] ?? 'nothing';
    struck.set(fault, (struck.get(fault) ?? 0) + 1);
  }
  say(
    `history ${seed}: ${
      failures.at(-1)?.seed === seed ? failures.at(-1).message : 'nothing lost'
    }\n  ${history.lines.join('\n  ')}`,
  );
}
await replicas.close();

const noPowerCuts = whyNoPowerCuts();
const cuts = noPowerCuts ? 0 : Math.ceil(rounds / CUTS_AMONG);
let survived = 0;
for (let seed = first; seed < first + cuts; seed++) {
  const cut = new PowerCut(seed);
  try {
    await cut.run();
    survived += Number(/^\d+/.exec(cut.lines[0]));
  } catch (error) {
    failures.push({ seed: `power cut ${seed}`, message: error.message });
  }
  say(`power cut ${seed}: ${cut.lines.join('; ')}`);
}
const minutes = Math.round((Date.now() - started) / 60_000);

const rows = [...struck]
  .filter(([fault]) => fault !== 'nothing')
  .map(([fault, count]) => {
    const [, victim, moment, step] =
      /^(\w+), (silent once done|\w+) (.+)$/.exec(fault);
    return { step, moment, victim, count };
  })
  .sort((x, y) =>
    [x.step, x.moment, x.victim]
      .join()
      .localeCompare([y.step, y.moment, y.victim].join()),
  );
const total = rows.reduce((sum, { count }) => sum + count, 0);
const page = `# Faults

The last run of \`npm run test:faults\`, on ${new Date()
  .toISOString()
  .slice(0, 10)}: ${rounds} histories (seeds ${first} to ${
  first + rounds - 1
}) in ${minutes} minutes, ${total} faults, ${failures.length} failures.
\`npm test\` runs the first twenty.

Two backends run on one PostgreSQL, one local directory and one bucket (versitygw), behind a
proxy that takes turns as a load balancer does. A history pushes an asset twice, with packs of
small files and a file in parts, then moves, replicates, deletes or checks it, and lets two
collectors run at once, with a grace of one second. At each step a drawn request goes wrong at a
drawn moment: the *backend* or the *client* is killed with SIGKILL, the *line* is cut, or
*nobody* is hurt and the answer is 503 (*refused*), or none comes at all (*silent*; *silent
once done* when the bucket has done what it was asked). Commands are repeated until they succeed.
Where a store has another copy, one to four bits flip in what it keeps of the asset (${rotten} in
this run); everything is read, and a check that is hit, too, mends it. Then
everything that was acknowledged is pulled on another machine and compared byte by byte, and once
more after a bit of that machine's cache has flipped, every
version that can be seen has to be verified, and ${LOOK_EVERY} histories later nothing may be
missing or damaged, and nothing left that \`asset store check --collect-orphans\` does not find
(${orphans} orphans of interrupted pushes in this run).

| Request | Moment | Who failed | Times |
| --- | --- | --- | --- |
${rows
  .map(
    ({ step, moment, victim, count }) =>
      `| ${step} | ${moment} | ${victim} | ${count} |`,
  )
  .join('\n')}
${
  failures.length > 0
    ? `\n## Failures\n\n${failures
        .map(({ seed, message }) => `- history ${seed}: ${message}`)
        .join('\n')}\n`
    : ''
}
## Power cuts

${
  noPowerCuts
    ? `None in this run: ${noPowerCuts}.`
    : `${cuts} power cuts: a portal with its database and its local store on a file system (ext4 on a
loop device) takes pushes, two at a time; at a drawn moment it stands still, and what the disk
has by then is copied. A portal on the copy had all ${survived} versions that were acknowledged
by then, equal byte by byte, and nothing that it showed was torn.`
}

Not tried here: a full disk (e2e/misfortune).
`;
fs.writeFileSync(path.join(root, 'docs/faults.md'), page);
say(`Wrote docs/faults.md: ${failures.length} failures`);
process.exitCode = failures.length > 0 ? 1 : 0;
