/**
 * `npm test`: sets up what is missing and runs every suite; `npm test -- NAME …`
 * runs some. A suite that fails does not keep the others from running.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from './lib/build.mjs';
import { startGcs, startS3 } from './lib/objectStores.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { root, say, setUp } from './lib/tools.mjs';

const MINUTE = 60_000;

/** Runs a program to its end. What it prints is shown, and given back. */
function run(
  tools,
  command,
  args,
  { cwd = root, env = {}, timeout = 20 * MINUTE } = {},
) {
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd,
      env: { ...tools.env, FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output += chunk;
        process.stderr.write(chunk);
      });
    }
    const timer = setTimeout(() => {
      say(`stopped after ${timeout / MINUTE} minutes: ${args.join(' ')}`);
      child.kill('SIGKILL');
    }, timeout);
    child.once('error', error => {
      clearTimeout(timer);
      resolve({ ok: false, output: error.message });
    });
    child.once('exit', code => {
      clearTimeout(timer);
      resolve({ ok: code === 0, output });
    });
  });
}

const backstageCli = path.join(
  root,
  'node_modules/@backstage/cli/bin/backstage-cli',
);
const oneTest = ({ ok }) => ({
  passed: ok ? 1 : 0,
  failed: ok ? 0 : 1,
  skipped: 0,
});

/** Type check, as one test. */
async function types(tools) {
  return oneTest(
    await run(tools, tools.node, [
      'node_modules/typescript/bin/tsc',
      '--noEmit',
      '--pretty',
      'false',
    ]),
  );
}

/** Lint and the shape of the code, as two tests. */
async function lint(tools) {
  const results = [
    await run(tools, tools.node, [
      backstageCli,
      'repo',
      'lint',
      '--max-warnings',
      '0',
    ]),
    await run(tools, tools.node, [
      'node_modules/prettier/bin-prettier.js',
      '--check',
      '{packages,plugins,scripts,e2e,benchmarks,examples}/**/*.{ts,tsx,mjs,cjs,js,css}',
    ]),
  ];
  const failed = results.filter(({ ok }) => !ok).length;
  return { passed: results.length - failed, failed, skipped: 0 };
}

/** Unit, contract and plugin tests, on SQLite and a real PostgreSQL. */
async function unit(tools) {
  const postgres = await startPostgres();
  if (postgres.missing)
    say(`SKIPPED: the tests on PostgreSQL, because ${postgres.missing}`);
  const s3 = await startS3();
  if (s3.missing) say(`SKIPPED: the tests on S3, because ${s3.missing}`);
  const gcs = await startGcs();
  if (gcs.missing)
    say(`SKIPPED: the tests on Google Cloud Storage, because ${gcs.missing}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jest-'));
  const report = path.join(folder, 'report.json');
  try {
    const { ok } = await run(
      tools,
      tools.node,
      [
        backstageCli,
        'repo',
        'test',
        '--maxWorkers=2',
        '--json',
        `--outputFile=${report}`,
        '--testLocationInResults',
      ],
      {
        env: {
          CI: '1',
          BACKSTAGE_TEST_DISABLE_DOCKER: '1',
          ...(postgres.url && {
            BACKSTAGE_TEST_DATABASE_POSTGRES17_CONNECTION_STRING: postgres.url,
          }),
          ...(s3.url && { TEST_S3_ENDPOINT: s3.url, ...s3.env }),
          ...(gcs.url && { TEST_GCS_ENDPOINT: gcs.url, ...gcs.env }),
        },
      },
    );
    if (!fs.existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
    const result = JSON.parse(fs.readFileSync(report, 'utf8'));
    const suitesThatDidNotRun = result.numRuntimeErrorTestSuites;
    const failed = result.numFailedTests + suitesThatDidNotRun;
    return {
      passed: result.numPassedTests,
      failed: !ok && failed === 0 ? 1 : failed,
      skipped:
        result.numPendingTests +
        result.numTodoTests +
        (postgres.missing ? 1 : 0),
    };
  } finally {
    await postgres.stop?.();
    await s3.stop?.();
    await gcs.stop?.();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Tests of Node's own runner. */
async function nodeTests(tools, folder) {
  const files = fs
    .readdirSync(path.join(root, folder))
    .filter(name => name.endsWith('.test.mjs'))
    .map(name => path.join(folder, name));
  const { output } = await run(
    tools,
    tools.node,
    [
      '--test',
      '--test-concurrency=1',
      '--test-reporter=tap',
      '--test-timeout=600000',
      ...files,
    ],
    { env: { HOST_NODE: process.execPath }, timeout: 25 * MINUTE },
  );
  const count = name =>
    Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? NaN);
  const [passed, failed, cancelled, skipped] = [
    'pass',
    'fail',
    'cancelled',
    'skipped',
  ].map(count);
  if (Number.isNaN(passed)) return { passed: 0, failed: 1, skipped: 0 };
  return { passed, failed: failed + cancelled, skipped };
}

/** The built portal and command line, in a real browser and on a real disk. */
async function e2e(tools) {
  build(tools);
  return nodeTests(tools, 'e2e');
}

/** What is published, installed into a portal outside of this workspace. */
const own = tools => nodeTests(tools, 'e2e/own');

/** Whether the command reference is what the commands say, as one test. */
async function docs(tools) {
  return oneTest(await run(tools, tools.node, ['scripts/docs.mjs', '--check']));
}

const SUITES = { types, lint, docs, unit, e2e, own };

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !SUITES[name]);
if (unknown.length > 0) {
  say(
    `There is no suite ${unknown.join(', ')}; there are ${Object.keys(
      SUITES,
    ).join(', ')}`,
  );
  process.exit(2);
}

const tools = setUp();
const rows = [];
for (const [name, suite] of Object.entries(SUITES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = Date.now();
  say(`\n== ${name}`);
  const result = await suite(tools).catch(error => {
    say(error.stack);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  rows.push({
    name,
    ...result,
    seconds: Math.round((Date.now() - started) / 1000),
  });
}

say('');
const total = { passed: 0, failed: 0, skipped: 0 };
for (const row of rows) {
  console.log(
    `${row.name.padEnd(8)} ${String(row.passed).padStart(5)} passed ${String(
      row.failed,
    ).padStart(5)} failed ${String(row.skipped).padStart(5)} skipped ${String(
      row.seconds,
    ).padStart(6)} s`,
  );
  for (const key of Object.keys(total)) total[key] += row[key];
}
console.log(
  `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
);
process.exitCode = total.failed > 0 ? 1 : 0;
