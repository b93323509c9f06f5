import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import { BlobCache } from './BlobCache';
import { CacheUpkeep } from './CacheUpkeep';

interface GoldenBlob {
  digest: string;
  size: number;
  path: string;
  mode: string;
  text?: string;
  repeat?: { text: string; times: number };
}

const golden: { blobs: GoldenBlob[] } = JSON.parse(
  readFileSync(path.join(__dirname, '../../../../fixtures/cache.json'), 'utf8'),
);

describe('the layout of the cache', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'cache-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it.each(golden.blobs)('has $path', async blob => {
    const text = blob.text ?? blob.repeat!.text.repeat(blob.repeat!.times);
    const digest = blob.digest as Digest;
    const cache = new BlobCache({ directory });
    await cache.add({ digest, size: blob.size }, Buffer.from(text));
    const location = path.join(directory, ...blob.path.split('/'));
    expect(cache.locationOf(digest)).toBe(location);
    expect(await readFile(location, 'utf8')).toBe(text);
    expect((await stat(location)).mode & 0o777).toBe(
      Number.parseInt(blob.mode, 8),
    );
    expect(await new CacheUpkeep({ directory }).list()).toMatchObject([
      { digest, size: blob.size },
    ]);
  });
});
