/**
 * `npm run demo`: sets up what is missing, starts the portal on its embedded
 * defaults, pushes the sample assets on the first start, and says what to try.
 * PORT and DATA_DIR choose where.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { build } from './lib/build.mjs';
import { buildDocs } from './lib/docs.mjs';
import { startPortal } from './lib/portal.mjs';
import { layOut, samplePushes } from './lib/samples.mjs';
import { root, say, setUp } from './lib/tools.mjs';

const port = Number(process.env.PORT ?? 7007);
const dataDirectory = path.resolve(
  process.env.DATA_DIR ?? path.join(root, '.data/demo'),
);
/** @throws Error when somebody else listens there */
function assertFree(wanted) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', () =>
      reject(new Error(`port ${wanted} is in use; PORT=… chooses another`)),
    );
    server.listen(wanted, '127.0.0.1', () => server.close(resolve));
  });
}

const seeded = path.join(dataDirectory, 'seeded');

/**
 * The command line, as a person of the demo; its login does not touch one's own.
 *
 * @param input - a document for its standard input
 */
function asset(tools, server, person, args, input) {
  const home = path.join(dataDirectory, 'people', person);
  return execFileSync(
    tools.node,
    [path.join(root, 'packages/cli/bin/asset.cjs'), ...args],
    {
      env: {
        ...tools.env,
        ASSET_SERVER: server,
        ASSET_TOKEN: '',
        XDG_CONFIG_HOME: path.join(home, 'config'),
        BASEASSET_CACHE: path.join(home, 'cache'),
      },
      encoding: 'utf8',
      input: input === undefined ? '' : JSON.stringify(input),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 120_000,
    },
  ).trim();
}

/** Tries for a minute: people and declared assets are there once the catalog has read their files. */
async function patiently(work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return work();
    } catch (error) {
      if (attempt === 120) throw error;
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  }
}

async function seed(tools, server) {
  const pushes = samplePushes();
  for (const person of new Set(pushes.map(push => push.person))) {
    await patiently(() =>
      asset(tools, server, person, ['login', '--as', person]),
    );
  }
  await patiently(() =>
    asset(tools, server, 'otto', ['show', 'genomes/lambda']),
  );
  for (const push of pushes) {
    const folder = layOut(push, path.join(dataDirectory, 'samples'));
    if (!folder) continue;
    const aliases = (push.aliases ?? []).flatMap(alias => ['--alias', alias]);
    const [line] = asset(tools, server, push.person, [
      'push',
      folder,
      push.name,
      ...push.options,
      ...aliases,
    ]).split('\n');
    say(`  ${push.person} pushed ${line}`);
    if (push.run)
      asset(tools, server, push.person, ['runs', 'record', '-'], push.run);
  }
  fs.rmSync(path.join(dataDirectory, 'samples'), {
    recursive: true,
    force: true,
  });
  fs.writeFileSync(seeded, new Date().toISOString());
}

const tools = setUp();
build(tools);
buildDocs(tools, path.join(dataDirectory, 'techdocs'));

let portal;
let stopping;
const stop = async () => {
  stopping ??= (async () => {
    await portal?.stop();
    process.exit(0);
  })();
  return stopping;
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
if (process.env.npm_lifecycle_event) {
  // npm hands a signal to the shell between us, which dies without handing it on.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(), 500).unref();
}

try {
  await assertFree(port);
} catch (error) {
  say(error.message);
  process.exit(1);
}
say(`Starting the portal on port ${port}, with its data in ${dataDirectory}`);
portal = await startPortal({
  tools,
  port,
  dataDirectory,
  configs: ['app-config.yaml', 'app-config.demo.yaml'].map(name =>
    path.join(root, name),
  ),
  onExit: code => {
    if (stopping) return;
    say(
      `The portal ended (${code}); its log is ${path.join(
        dataDirectory,
        'portal.log',
      )}`,
    );
    process.exit(1);
  },
});
if (!fs.existsSync(seeded)) {
  say('Pushing the sample assets with the command line');
  try {
    await seed(tools, portal.url);
  } catch (error) {
    say(`The samples could not be pushed: ${error.stderr ?? error.message}`);
    stopping = portal.stop();
    await stopping;
    process.exit(1);
  }
}

console.log(`
The portal is at ${portal.url}. Sign in as maya, noor, sam, otto or lin.

Four things to try:
  1. Look at a model, its versions and what changed between them:
     ${portal.url}/assets/models/silero-vad/versions?compare=5..6
  2. Push a folder of yours, and see it in the portal at once:
     npx --no asset login --server ${portal.url} --as maya
     npx --no asset push ./docs models/my-first --message "hello"
  3. Pull it as a colleague, verified:
     npx --no asset login --server ${portal.url} --as otto
     npx --no asset pull models/silero-vad@champion -o /tmp/silero && npx --no asset verify /tmp/silero
  4. See what a table was made of, and by which run:
     ${portal.url}/assets/genomes/lambda-gc/lineage

Ctrl-C ends it; its data stays in ${dataDirectory}.`);
