/** @jest-environment node */
import { promises, readFileSync } from 'node:fs';
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
  // Locked a moment ago: its owner reads what stands there.
  expect(await fetch()).toBe(0);
  await utimes(`${part}.lock`, long, long);
  expect(await fetch()).toBe(1000);
  await rm(directory, { recursive: true });
});

describe('a large blob that is put in its place', () => {
  const bytes = Buffer.alloc(1024 * 1024 + 1, 'y');
  const blob = { digest: digestOf(bytes), size: bytes.length };
  let top: string;
  let cache: BlobCache;
  let target: string;

  beforeEach(async () => {
    top = await mkdtemp(path.join(os.tmpdir(), 'place-'));
    cache = new BlobCache({ directory: path.join(top, 'cache') });
    target = path.join(top, 'file');
    await cache.fetch(blob, async () => Readable.from([Buffer.from(bytes)]), {
      copyFor: top,
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await cache.close();
    await rm(top, { recursive: true });
  });

  const leftovers = async () => [
    ...(await readdir(top)),
    ...(await readdir(path.join(top, 'cache/tmp'))),
  ];

  it('is copied where its second copy can not be moved', async () => {
    jest
      .spyOn(promises, 'rename')
      .mockRejectedValueOnce(Object.assign(new Error(), { code: 'EXDEV' }));
    await cache.copyTo(blob, target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect(await leftovers()).toEqual(['cache', 'file']);
  });

  it.each(['its second copy', 'the blob'])(
    'stays away, be it by %s, where somebody has written meanwhile',
    async which => {
      if (which === 'the blob') await cache.close();
      await writeFile(target, 'a person’s');
      const refuse = () => {
        throw new Error('changed on this machine');
      };
      await expect(
        cache.copyTo(blob, target, { beforeReveal: refuse }),
      ).rejects.toThrow('changed on this machine');
      expect(await readFile(target, 'utf8')).toBe('a person’s');
      await cache.close();
      expect(await leftovers()).toEqual(['cache', 'file']);
    },
  );

  it('is damaged when the disk can not read it', async () => {
    await cache.close();
    const unreadable = Object.assign(new Error('EIO: i/o error, read'), {
      code: 'EIO',
    });
    const other = new BlobCache({ directory: path.join(top, 'cache') });
    jest.spyOn(promises, 'open').mockRejectedValue(unreadable);
    jest.spyOn(promises, 'copyFile').mockRejectedValue(unreadable);
    await expect(other.copyTo(blob, target)).rejects.toThrow(
      `the cached blob ${blob.digest} is damaged`,
    );
    expect(other.has(blob)).toBe(false);
  });

  it('is damaged when a check can not read it', async () => {
    jest
      .spyOn(promises, 'open')
      .mockRejectedValue(Object.assign(new Error(), { code: 'EIO' }));
    const upkeep = new CacheUpkeep({ directory: path.join(top, 'cache') });
    expect(await upkeep.verify()).toEqual({ blobs: 1, damaged: [blob.digest] });
  });
});
