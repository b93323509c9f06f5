/** Bundles the module into one file that needs nothing but the Backstage CLI itself. */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });

await build({
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['@backstage/cli-node'],
  footer: { js: 'module.exports = module.exports.default;' },
  legalComments: 'none',
  logLevel: 'warning',
  minify: true,
  keepNames: true,
});
