#!/usr/bin/env node
'use strict';
const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  process.stderr.write(
    `error: asset needs Node 20 or later, and this is ${process.versions.node}\n`,
  );
  process.exit(1);
}
try {
  require.resolve('../dist/asset.cjs');
} catch {
  process.stderr.write(
    'error: the command line is not built yet\n  to build it: npm run demo\n',
  );
  process.exit(1);
}
require('../dist/asset.cjs');
