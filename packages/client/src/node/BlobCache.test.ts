/** @jest-environment node */
import { readFileSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  Digest,
  digestOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { BlobCache } from './BlobCache';
import { CacheUpkeep } from './CacheUpkeep';
import { ownedName } from './owners';

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

it('what killed processes left in the cache goes, and begins of blobs after long', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'cache-'));
  const temporary = path.join(directory, 'tmp');
  await mkdir(temporary);
  const live = [ownedName('part'), ownedName('copy')];
  const dead = live.map(name =>
    name.replace(`.${process.pid}.`, '.999999999.'),
  );
  const old = `${'a'.repeat(64)}.part`;
  const fresh = `${'b'.repeat(64)}.part`;
  const names = [...live, ...dead, old, `${old}.lock`, fresh, `${fresh}.lock`];
  for (const name of names) await writeFile(path.join(temporary, name), '');
  const long = new Date(Date.now() - 15 * 24 * 60 * 60_000);
  for (const name of [old, `${old}.lock`])
    await utimes(path.join(temporary, name), long, long);
  // It was locked long ago, and grows still.
  await utimes(path.join(temporary, `${fresh}.lock`), long, long);
  await new BlobCache({ directory }).sweep();
  expect((await readdir(temporary)).sort()).toEqual(
    [...live, fresh, `${fresh}.lock`].sort(),
  );
  await rm(directory, { recursive: true });
});

it('a lock of another machine counts while its blob grows', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'cache-'));
  const temporary = path.join(directory, 'tmp');
  await mkdir(temporary);
  const bytes = Buffer.alloc(1024 * 1024 + 1, 'x');
  const digest = digestOf(bytes);
  const part = path.join(temporary, `${digest.slice('sha256:'.length)}.part`);
  await writeFile(`${part}.lock`, '0badcafe.1');
  const fetch = async () => {
    const cache = new BlobCache({ directory });
    let from: number | undefined;
    await cache.fetch({ digest, size: bytes.length }, async start => {
      from = start;
      // Those that are read are nobody's any more.
      return Readable.from([Buffer.from(bytes.subarray(start))]);
    });
    await cache.remove(digest);
    return from;
  };
  await writeFile(part, bytes.subarray(0, 1000));
  expect(await fetch()).toBe(0);
  const long = new Date(Date.now() - 61 * 60_000);
  await utimes(part, long, long);
  expect(await fetch()).toBe(1000);
  await rm(directory, { recursive: true });
});
