/** Reads of 1 MiB at random places of a large file, verified, against plain ones. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPortal, personAt, temporaryFolder } from '../../e2e/support.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import {
  largeFile,
  median,
  MIB,
  ratio,
  seconds,
  watched,
} from '../measure.mjs';
import { withS3Portal } from '../servers.mjs';

const SIZE_MIB = Number(process.env.BENCH_RANGES_MIB ?? 5120);
const READS = 200;

const require = createRequire(path.join(root, 'packages/cli/package.json'));

/** The library as programs have it, for this process. */
async function loadClient() {
  const outfile = path.join(temporaryFolder('client'), 'client.mjs');
  require('esbuild').buildSync({
    entryPoints: [path.join(root, 'packages/client/src/index.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile));
}

async function measure(report, title, portal) {
  const maya = personAt(portal, 'maya');
  await maya.signIn();
  await watched(maya, portal, [
    ...['push', largeFile(SIZE_MIB), 'bench/ranges', '--type', 'dataset'],
  ]);
  const { AssetManagerClient, RemoteByteSource } = await loadClient();
  const headers = maya.headers();
  const client = new AssetManagerClient({
    baseUrl: `${portal.url}/api/asset-manager`,
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init?.headers, ...headers } }),
  });
  const version = { namespace: 'bench', name: 'ranges', selector: '1' };
  const {
    items: [file],
  } = await client.listFiles(version, {});
  const source = new RemoteByteSource({ client, version, file });
  const first = await seconds(() => source.read(0, 1));
  const plain = [];
  const verified = [];
  for (let round = 0; round < READS; round++) {
    const offset = Math.floor(Math.random() * (file.size - MIB));
    const range = { start: offset, end: offset + MIB - 1, via: 'backend' };
    plain.push(
      await seconds(async () =>
        (await client.readFile(version, file.path, range)).arrayBuffer(),
      ),
    );
    const other = Math.floor(Math.random() * (file.size - MIB));
    verified.push(await seconds(() => source.read(other, MIB)));
  }
  report.row(
    `a verified read of 1 MiB, median of ${READS}, ${title}`,
    `${(median(verified) * 1000).toFixed(1)} ms, ${ratio(
      median(verified),
      median(plain),
    )} a plain range`,
    'under 1.5 ×',
  );
  report.row(
    `the first one, for which the portal reads the file, ${title}`,
    `${first.toFixed(1)} s`,
  );
}

export async function run(report) {
  report.part(`Ranges of a file of ${SIZE_MIB} MiB`);
  const portal = await openPortal({
    configuration: { assetManager: { validateResponses: false } },
  });
  try {
    await measure(report, 'local store', portal);
  } finally {
    await portal.close();
  }
  const missing = await withS3Portal(cloud =>
    measure(report, 'S3 (versitygw)', cloud.portal),
  );
  if (missing) report.row('a verified read, S3', `skipped: ${missing}`);
}
