/**
 * Builds the portal and the command line as they are in production, once for
 * every state of the sources.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root, say, toolsDirectory } from './tools.mjs';

/** Where the built portal stands. Third-party packages are found above it. */
export const portalDirectory = path.join(root, 'dist/portal');

const WATCHED = /\.(tsx?|m?js|cjs|json|yaml|css|svg|html|sql)$/;

function* sourceFiles(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (['node_modules', 'dist', 'dist-types', 'coverage'].includes(entry.name))
      continue;
    const location = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(location);
    else if (WATCHED.test(entry.name)) yield location;
  }
}

function sourcesDigest() {
  const hash = createHash('sha256');
  const files = [
    ...sourceFiles(path.join(root, 'packages')),
    ...sourceFiles(path.join(root, 'plugins')),
  ];
  for (const file of [...files, path.join(root, 'yarn.lock')].sort()) {
    hash
      .update(path.relative(root, file))
      .update('\0')
      .update(fs.readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

export function run(tools, what, command, args, cwd) {
  const started = Date.now();
  try {
    execFileSync(command, args, {
      cwd,
      env: { ...tools.env, NODE_OPTIONS: '--max-old-space-size=6144' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 900_000,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    say(
      `${error.stdout ?? ''}\n${error.stderr ?? ''}`
        .trim()
        .split('\n')
        .slice(-60)
        .join('\n'),
    );
    throw new Error(`${what} could not be built`);
  }
  say(`Built ${what} in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Builds what changed since the last time. */
export function build(tools) {
  const stamp = path.join(toolsDirectory, 'built');
  const digest = sourcesDigest();
  if (
    fs.existsSync(stamp) &&
    fs.readFileSync(stamp, 'utf8') === digest &&
    fs.existsSync(path.join(portalDirectory, 'packages/backend/dist'))
  ) {
    return;
  }
  fs.rmSync(stamp, { force: true });
  const cli = path.join(root, 'node_modules/@backstage/cli/bin/backstage-cli');
  run(
    tools,
    'the command line',
    tools.node,
    ['build.mjs'],
    path.join(root, 'packages/cli'),
  );
  run(
    tools,
    'the portal',
    tools.node,
    [cli, 'package', 'build'],
    path.join(root, 'packages/app'),
  );
  run(
    tools,
    'the backend',
    tools.node,
    [cli, 'package', 'build'],
    path.join(root, 'packages/backend'),
  );
  unpack(root, portalDirectory);
  fs.writeFileSync(stamp, digest);
}

/**
 * Unpacks the production bundle of a checkout into a folder below it, and lets
 * the bundle's packages find each other.
 */
export function unpack(checkout, target) {
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const dist = path.join(checkout, 'packages/backend/dist');
  for (const archive of ['skeleton.tar.gz', 'bundle.tar.gz']) {
    execFileSync('tar', ['xzf', path.join(dist, archive), '-C', target]);
  }
  for (const group of ['packages', 'plugins']) {
    const folder = path.join(target, group);
    if (!fs.existsSync(folder)) continue;
    for (const name of fs.readdirSync(folder)) {
      const location = path.join(folder, name);
      const { name: packageName } = JSON.parse(
        fs.readFileSync(path.join(location, 'package.json'), 'utf8'),
      );
      const link = path.join(target, 'node_modules', packageName);
      fs.mkdirSync(path.dirname(link), { recursive: true });
      fs.symlinkSync(location, link);
    }
  }
}
