/**
 * `npm run docs`: writes the command reference from the commands themselves.
 * With `--check` it only says whether the file is as it would be written.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, say, setUp } from './lib/tools.mjs';

const target = path.join(root, 'docs/command-line.md');
const tools = setUp();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reference-'));
try {
  const bundle = path.join(folder, 'reference.mjs');
  execFileSync(
    tools.node,
    [
      path.join(root, 'node_modules/esbuild/bin/esbuild'),
      path.join(root, 'packages/cli/src/reference.ts'),
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--log-level=error',
      '--external:@baseasset/client',
      '--external:@baseasset/client/node',
      `--outfile=${bundle}`,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const { commandReference } = await import(pathToFileURL(bundle).href);
  const text = commandReference();
  if (process.argv.includes('--check')) {
    if (fs.readFileSync(target, 'utf8') !== text) {
      say(
        'docs/command-line.md is not what the commands say; run npm run docs',
      );
      process.exitCode = 1;
    }
  } else {
    fs.writeFileSync(target, text);
    say(`Wrote ${path.relative(root, target)}`);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
