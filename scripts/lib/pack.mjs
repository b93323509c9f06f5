/** Makes tarballs of what is published, as `npm publish` would send them. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root, say } from './tools.mjs';

/** What is published, with the folder of each. */
export function publishedPackages() {
  return ['packages', 'plugins'].flatMap(group =>
    fs
      .readdirSync(path.join(root, group))
      .map(name => path.join(root, group, name))
      .filter(folder => fs.existsSync(path.join(folder, 'package.json')))
      .map(folder => ({
        folder,
        manifest: JSON.parse(
          fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
        ),
      }))
      .filter(({ manifest }) => !manifest.private),
  );
}

function run(tools, folder, args) {
  try {
    execFileSync(tools.node, args, {
      cwd: folder,
      env: tools.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
    });
  } catch (error) {
    say(`${error.stdout}\n${error.stderr}`.trim());
    throw new Error(
      `${path.relative(root, folder)}: ${args.slice(1).join(' ')} failed`,
    );
  }
}

/**
 * Builds and packs all published packages.
 *
 * @returns the tarballs by the names of their packages
 */
export function pack(tools, target) {
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const typescript = path.join(root, 'node_modules/typescript/bin/tsc');
  // The types of all packages, from which each package's build takes its own.
  fs.rmSync(path.join(root, 'dist-types'), { recursive: true, force: true });
  run(tools, root, [typescript, '--incremental', 'false']);
  const tarballs = {};
  for (const { folder, manifest } of publishedPackages()) {
    run(tools, folder, [tools.yarn, 'run', 'build']);
    const file = path.join(
      target,
      `${manifest.name.replace('@', '').replace('/', '-')}-${
        manifest.version
      }.tgz`,
    );
    run(tools, folder, [tools.yarn, 'pack', '--out', file]);
    tarballs[manifest.name] = file;
    say(
      `${path.basename(file)}  ${Math.round(fs.statSync(file).size / 1024)} kB`,
    );
  }
  return tarballs;
}
