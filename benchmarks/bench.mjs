/**
 * `npm run bench`: times the product against what no tool can beat on this
 * machine, and against other tools, in one run, and writes the ratios into
 * docs/benchmarks.md. `npm run bench -- NAME…` runs some of the suites, and
 * writes nothing.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from '../scripts/lib/build.mjs';
import { root, setUp } from '../scripts/lib/tools.mjs';
import { Report, workshop } from './measure.mjs';

const SUITES = [
  'transfer',
  'small-files',
  'bucket',
  'ranges',
  'memory',
  'access',
  'lifecycle',
  'catalog',
];

const tools = setUp();
build(tools);
const chosen = process.argv.slice(2);
const unknown = chosen.filter(name => !SUITES.includes(name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}: ${SUITES.join(', ')}`);
  process.exit(2);
}
const report = new Report();
try {
  for (const name of chosen.length > 0 ? chosen : SUITES) {
    const { run } = await import(`./suites/${name}.mjs`);
    await run(report, tools);
  }
} finally {
  fs.rmSync(workshop, { recursive: true, force: true });
}

if (chosen.length === 0) {
  const cpu = os.cpus();
  const node = execFileSync(tools.node, ['-v'], { encoding: 'utf8' }).trim();
  fs.writeFileSync(
    path.join(root, 'docs/benchmarks.md'),
    `# Benchmarks

\`npm run bench\` times the built portal with its embedded defaults and the bundled command
line, both on this machine, against what no tool can beat here (copying and hashing the same
files, walking them, sending the same parts by hand) and against other tools, in one run. A
ratio is of that run; the machine matters less to it than to the times. What is pushed is
durable before it is acknowledged: written, synced, verified, named, synced again; what is
pulled is verified. The other tools promise neither.

The last run: ${new Date().toISOString().slice(0, 10)}, ${
      cpu.length
    } cores (${cpu[0].model.trim()}), ${Math.round(
      os.totalmem() / 2 ** 30,
    )} GiB, Node ${node}.

Not all aims are met. A large file is hashed before it is sent, since its key is its digest, and
again where it arrives; nginx neither hashes nor syncs, and on two cores both ends share the
machine: so the push against it. A pull hashes each file and writes it twice, to the cache and to
where it is wanted: so the cold pulls, and those of the large file. The rest of the time of small
pulls and unchanged pushes is mostly Node's: its start, and a look at every file.

${report.toMarkdown()}`,
  );
}
