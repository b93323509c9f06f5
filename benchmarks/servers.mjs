/** The other tools and servers that the benchmarks compare with; each says why it is missing. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { openPortal } from '../e2e/support.mjs';
import { startS3 } from '../scripts/lib/objectStores.mjs';
import { freePort, startPostgres } from '../scripts/lib/postgres.mjs';
import { root, say, toolsDirectory } from '../scripts/lib/tools.mjs';
import { newFolder } from './measure.mjs';

const PEERS = ['mlflow==3.17.2', 'dvc==3.67.1'];

const run = promisify(execFile);
const require = createRequire(path.join(root, 'package.json'));

const why = error =>
  `${error.stderr ?? error.message}`.trim().split('\n').slice(-1)[0];

async function started(child, url) {
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`${path.basename(child.spawnfile)} did not start`);
}

function stopper(child) {
  const exited = new Promise(resolve => child.once('exit', resolve));
  return async () => {
    child.kill();
    await exited;
  };
}

/** nginx of this machine with WebDAV, which takes a PUT to a file. */
export async function startNginx() {
  try {
    const { stderr } = await run('nginx', ['-V']);
    if (!stderr.includes('http_dav_module'))
      return { missing: 'nginx has no WebDAV here' };
    const folder = newFolder('nginx');
    const port = await freePort();
    fs.mkdirSync(path.join(folder, 'files'), { recursive: true });
    const config = path.join(folder, 'nginx.conf');
    fs.writeFileSync(
      config,
      `daemon off; ${process.getuid() === 0 ? 'user root;' : ''}
       worker_processes auto; pid ${folder}/pid; error_log ${folder}/error.log;
       events {}
       http {
         access_log off; client_max_body_size 0;
         client_body_temp_path ${folder}/body;
         server {
           listen 127.0.0.1:${port}; root ${folder}/files;
           location / { dav_methods PUT; }
         }
       }`,
    );
    const child = spawn('nginx', ['-p', folder, '-c', config], {
      stdio: 'ignore',
    });
    const url = `http://127.0.0.1:${port}`;
    await started(child, url);
    return { url, stop: stopper(child) };
  } catch (error) {
    return { missing: why(error) };
  }
}

/** MLflow and DVC, in an environment of their own. */
function ensurePeers() {
  const folder = path.join(toolsDirectory, 'peers');
  const done = path.join(folder, PEERS.join(' ').replace(/[^\w.]+/g, '-'));
  if (!fs.existsSync(done)) {
    say(`Installing ${PEERS.join(' and ')} to compare with (some minutes)`);
    fs.rmSync(folder, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
    execFileSync(
      path.join(folder, 'bin/pip'),
      ['install', '--quiet', ...PEERS],
      { stdio: 'pipe', timeout: 900_000 },
    );
    fs.writeFileSync(done, '');
  }
  return path.join(folder, 'bin');
}

const TRANSFER = `
import sys, time, mlflow
uri, what, *rest = sys.argv[1:]
mlflow.set_tracking_uri(uri)
began = time.perf_counter()
if what == "push":
    with mlflow.start_run() as run:
        mlflow.log_artifacts(rest[0])
    print(run.info.run_id)
else:
    mlflow.artifacts.download_artifacts(run_id=rest[0], dst_path=rest[1])
print(time.perf_counter() - began)
`;

/** A tracking server of MLflow that takes and gives artifacts itself, on this disk. */
export async function startMlflow() {
  try {
    const bin = ensurePeers();
    const folder = newFolder('mlflow');
    fs.mkdirSync(folder);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' };
    const child = spawn(
      path.join(bin, 'mlflow'),
      [
        ...['server', '--host', '127.0.0.1', '--port', `${port}`],
        ...['--backend-store-uri', `sqlite:///${folder}/mlflow.db`],
        ...['--artifacts-destination', path.join(folder, 'artifacts')],
      ],
      { stdio: 'ignore', cwd: folder, env },
    );
    await started(child, `${url}/health`);
    const transfer = async (...args) => {
      const { stdout } = await run(
        path.join(bin, 'python'),
        ['-c', TRANSFER, url, ...args],
        { cwd: folder, env, timeout: 900_000 },
      );
      return stdout.trim().split('\n');
    };
    return {
      name: PEERS[0].replace('==', ' '),
      /** @returns seconds, without those of loading the library */
      async push(source) {
        const lines = await transfer('push', source);
        return { took: Number(lines.at(-1)), handle: lines.at(-2) };
      },
      async pull(handle) {
        const target = newFolder('mlflow-pull');
        fs.mkdirSync(target);
        return Number((await transfer('pull', handle, target)).at(-1));
      },
      stop: stopper(child),
    };
  } catch (error) {
    return { name: 'MLflow', missing: why(error) };
  }
}

/** DVC with a remote that is a folder of this disk. */
export async function startDvc() {
  try {
    const dvc = path.join(ensurePeers(), 'dvc');
    const remote = newFolder('dvc-remote');
    const env = { ...process.env, DVC_NO_ANALYTICS: '1' };
    const clock = async (cwd, ...lines) => {
      const began = process.hrtime.bigint();
      for (const line of lines)
        await run(dvc, ['--quiet', ...line], { cwd, env, timeout: 900_000 });
      return Number(process.hrtime.bigint() - began) / 1e9;
    };
    const project = async () => {
      const cwd = newFolder('dvc');
      fs.mkdirSync(cwd);
      await clock(
        cwd,
        ['init', '--no-scm'],
        ['remote', 'add', '--default', 'disk', remote],
      );
      return cwd;
    };
    return {
      name: PEERS[1].replace('==', ' ').replace('dvc', 'DVC'),
      async push(source) {
        const cwd = await project();
        execFileSync('cp', ['-r', source, path.join(cwd, 'data')]);
        execFileSync('sync');
        return {
          took: await clock(cwd, ['add', 'data'], ['push']),
          handle: path.join(cwd, 'data.dvc'),
        };
      },
      async pull(handle) {
        const cwd = await project();
        fs.copyFileSync(handle, path.join(cwd, 'data.dvc'));
        return clock(cwd, ['pull']);
      },
      async stop() {},
    };
  } catch (error) {
    return { name: 'DVC', missing: why(error) };
  }
}

/** A PostgreSQL for as long as `use` takes, which gets what a portal's configuration says of it. */
export async function withPostgres(use) {
  const postgres = await startPostgres();
  if (postgres.missing) throw new Error(postgres.missing);
  try {
    const { hostname, port, username } = new URL(postgres.url);
    return await use({
      client: 'pg',
      connection: { host: hostname, port: Number(port), user: username },
    });
  } finally {
    await postgres.stop();
  }
}

/**
 * A portal whose new bytes go to an S3 bucket of a server on this machine.
 *
 * @param work - gets the portal and a client of the server, and both end with it
 * @returns why there is none; undefined when the work was done
 */
export async function withS3Portal(work) {
  const s3 = await startS3();
  if (s3.missing) return s3.missing;
  Object.assign(process.env, s3.env);
  const { CreateBucketCommand, S3Client } = require('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: 'team' }));
  const portal = await openPortal({
    environment: s3.env,
    configuration: {
      assetManager: {
        validateResponses: false,
        storage: {
          default: 'team-bucket',
          s3: {
            'team-bucket': {
              bucket: 'team',
              endpoint: s3.url,
              forcePathStyle: true,
            },
          },
        },
      },
    },
  });
  try {
    await work({ portal, client });
    return undefined;
  } finally {
    client.destroy();
    await portal.close();
    await s3.stop();
  }
}
