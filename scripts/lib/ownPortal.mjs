/** Installs and builds the example of an own portal outside of this workspace, from tarballs. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run, unpack } from './build.mjs';
import { root } from './tools.mjs';

/**
 * @param tarballs - by the names of their packages
 * @returns the folder of the checkout, and of the built portal in it
 */
export function buildOwnPortal(tools, tarballs) {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'own-portal-'));
  fs.cpSync(path.join(root, 'examples/own-portal'), checkout, {
    recursive: true,
  });
  const file = path.join(checkout, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const [name, tarball] of Object.entries(tarballs)) {
    manifest.resolutions[name] = `file:${tarball}`;
  }
  fs.writeFileSync(file, JSON.stringify(manifest, null, 2));
  // The versions that we are tried with, of all that both have.
  fs.copyFileSync(
    path.join(root, 'yarn.lock'),
    path.join(checkout, 'yarn.lock'),
  );
  fs.copyFileSync(
    path.join(root, '.yarnrc.yml'),
    path.join(checkout, '.yarnrc.yml'),
  );
  fs.writeFileSync(
    path.join(checkout, 'backstage.json'),
    fs.readFileSync(path.join(root, 'backstage.json')),
  );
  const cli = path.join(
    checkout,
    'node_modules/@backstage/cli/bin/backstage-cli',
  );
  run(
    tools,
    'the dependencies of the own portal',
    tools.node,
    [tools.yarn, 'install', '--no-immutable'],
    checkout,
  );
  run(
    tools,
    'the types of the own portal',
    tools.node,
    ['node_modules/typescript/bin/tsc', '--noEmit'],
    checkout,
  );
  run(
    tools,
    'the app of the own portal',
    tools.node,
    [cli, 'package', 'build'],
    path.join(checkout, 'packages/app'),
  );
  run(
    tools,
    'the backend of the own portal',
    tools.node,
    [cli, 'package', 'build'],
    path.join(checkout, 'packages/backend'),
  );
  const directory = path.join(checkout, 'dist/portal');
  unpack(checkout, directory);
  return { checkout, directory };
}
