/** Starts the built portal, and waits until it answers. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { portalDirectory } from './build.mjs';
import { root } from './tools.mjs';

/**
 * Starts the portal on an own port and folder.
 *
 * @param options.configs - configuration files, absolute
 * @param options.directory - where the built portal stands; ours when left out
 * @param options.environment - more of the environment
 * @returns how to reach and to stop it
 */
export async function startPortal({
  tools,
  port,
  dataDirectory,
  configs,
  directory = portalDirectory,
  environment = {},
  log,
  onExit,
}) {
  fs.mkdirSync(dataDirectory, { recursive: true });
  const output = log ?? path.join(dataDirectory, 'portal.log');
  const descriptor = fs.openSync(output, 'a');
  const child = spawn(
    tools.node,
    [
      '--require',
      path.join(root, 'scripts/lib/endWithParent.cjs'),
      'packages/backend',
      ...configs.flatMap(file => ['--config', file]),
    ],
    {
      cwd: directory,
      stdio: ['pipe', descriptor, descriptor],
      env: {
        ...tools.env,
        // The portal's own OAuth server takes a client on http://localhost in development alone.
        NODE_ENV: 'development',
        PORT: `${port}`,
        DATA_DIR: dataDirectory,
        EXAMPLES_DIR: path.join(root, 'examples'),
        ...environment,
      },
    },
  );
  fs.closeSync(descriptor);
  let ended = false;
  const exited = new Promise(resolve => {
    child.once('exit', code => {
      ended = true;
      onExit?.(code);
      resolve(code);
    });
  });
  const url = `http://localhost:${port}`;
  const stop = async (signal = 'SIGTERM') => {
    if (ended) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
  };
  const started = Date.now();
  while (Date.now() - started < 120_000) {
    if (ended) break;
    const ready = await fetch(`${url}/.backstage/health/v1/readiness`).then(
      response => response.ok,
      () => false,
    );
    if (ready) return { url, pid: child.pid, stop, exited, log: output };
    await new Promise(resolve => setTimeout(resolve, 150));
  }
  await stop('SIGKILL');
  const tail = fs
    .readFileSync(output, 'utf8')
    .split('\n')
    .slice(-25)
    .join('\n');
  throw new Error(`the portal did not start:\n${tail}`);
}
