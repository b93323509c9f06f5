import {
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  isWritten,
  Place,
  SmallFile,
  SmallFileWorkers,
} from './SmallFileWorkers';
import { SMALL } from './readSmall';
import { stampOf } from './scan';

const text = (index: number) => `file ${index}\n`.padEnd(20, '.');

describe('SmallFileWorkers', () => {
  let folder: string;
  let workers: SmallFileWorkers;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'small-'));
    workers = new SmallFileWorkers();
  });

  afterEach(async () => {
    await workers.close();
    await rm(folder, { recursive: true });
  });

  const placeAt = (target: string): Place => ({
    temporary: path.join(folder, `.${path.basename(target)}.part`),
    target,
    mode: 0o444,
  });
  const fileOf = (index: number, more: Partial<SmallFile> = {}): SmallFile => ({
    digest: digestOf(text(index)),
    size: 20,
    source: index * 20,
    places: [placeAt(path.join(folder, `${index}`))],
    ...more,
  });
  const written = { stamp: expect.stringMatching(/^20-\d+-\d+-\d+$/) };
  const bytesOf = (count: number) =>
    new TextEncoder().encode(
      Array.from({ length: count }, (_, index) => text(index)).join(''),
    );

  // Below and above the number of files that threads are started for.
  it.each([3, 600])('writes %i files, all but the damaged', async count => {
    const files = Array.from({ length: count }, (_, index) =>
      fileOf(index, index === 1 ? { digest: digestOf('another') } : {}),
    );
    const outcomes = await workers.write({ bytes: bytesOf(count), files });
    expect(outcomes).toEqual(
      files.map((_, index) => (index === 1 ? 'damaged' : written)),
    );
    expect((await readdir(folder)).sort()).toEqual(
      files
        .map((_, index) => `${index}`)
        .filter(name => name !== '1')
        .sort(),
    );
    const last = path.join(folder, `${count - 1}`);
    expect(await readFile(last, 'utf8')).toBe(text(count - 1));
    expect((await stat(last)).mode & 0o777).toBe(0o444);
  });

  it.each([3, 600])(
    'says what the file system refused, with %i files',
    async count => {
      const files = Array.from({ length: count }, (_, index) =>
        fileOf(
          index,
          index === 2
            ? { places: [placeAt(path.join(folder, 'none', '2'))] }
            : {},
        ),
      );
      const outcomes = await workers.write({ bytes: bytesOf(count), files });
      expect(outcomes[2]).toMatchObject({ code: 'ENOENT', syscall: 'rename' });
      expect(outcomes.filter(each => !isWritten(each))).toHaveLength(1);
      // What it had begun is gone.
      expect(await readdir(folder)).toHaveLength(count - 1);
    },
  );

  it('copies files, on as many threads as there are batches', async () => {
    const count = 600;
    await workers.write({
      bytes: bytesOf(count),
      files: Array.from({ length: count }, (_, index) => fileOf(index)),
    });
    const batches = [0, 1, 2, 3, 4, 5].map(batch =>
      Array.from({ length: 100 }, (_, at) => {
        const index = batch * 100 + at;
        return fileOf(index, {
          source: path.join(folder, `${index}`),
          places: [placeAt(path.join(folder, `copy-${index}`))],
        });
      }),
    );
    const outcomes = await Promise.all(
      batches.map(files => workers.write({ files })),
    );
    expect(outcomes.flat()).toEqual(Array(count).fill(written));
    expect(await readFile(path.join(folder, 'copy-599'), 'utf8')).toBe(
      text(599),
    );
  });

  it.each([1, 300])(
    'writes to several places, and says how the last one looks, %i files',
    async count => {
      const outcomes = await workers.write({
        bytes: bytesOf(count),
        files: Array.from({ length: count }, (_, index) =>
          fileOf(index, {
            places: [
              placeAt(path.join(folder, `${index}`)),
              { target: path.join(folder, `second-${index}`), mode: 0o644 },
            ],
          }),
        ),
      });
      const last = count - 1;
      const second = path.join(folder, `second-${last}`);
      expect(await readFile(path.join(folder, `${last}`), 'utf8')).toBe(
        text(last),
      );
      expect(await readFile(second, 'utf8')).toBe(text(last));
      expect(outcomes[last]).toEqual({
        stamp: stampOf(await stat(second, { bigint: true })),
      });
    },
  );

  it('writes over nothing where it writes at once', async () => {
    const target = path.join(folder, '0');
    await writeFile(target, 'a person’s own');
    const [outcome] = await workers.write({
      bytes: bytesOf(1),
      files: [fileOf(0, { places: [{ target, mode: 0o644 }] })],
    });
    expect(outcome).toMatchObject({ code: 'EEXIST', syscall: 'open' });
    expect(await readFile(target, 'utf8')).toBe('a person’s own');
  });

  it.each([1, 300])('hashes files as they stand, %i', async count => {
    const locations = Array.from({ length: count }, (_, index) =>
      path.join(folder, `${index}`),
    );
    for (const [index, location] of locations.entries())
      await writeFile(location, text(index));
    const large = path.join(folder, 'large');
    await writeFile(large, Buffer.alloc(SMALL + 1));
    const none = path.join(folder, 'none');
    const outcomes = await workers.hash([...locations, large, none]);
    const stamp = stampOf(await stat(locations[count - 1], { bigint: true }));
    expect(outcomes.slice(count - 1)).toEqual([
      { digest: digestOf(text(count - 1)), stamp },
      'large',
      expect.objectContaining({ code: 'ENOENT' }),
    ]);
  });

  it.each([1, 300])(
    'makes links to what looks as it has to, %i',
    async count => {
      await workers.write({
        bytes: bytesOf(count),
        files: Array.from({ length: count }, (_, index) => fileOf(index)),
      });
      const linkOf = (index: number, stamp?: string) => ({
        source: path.join(folder, `${index}`),
        target: path.join(folder, `link-${index}-${stamp ?? 'any'}`),
        stamp,
      });
      const stamp = stampOf(
        await stat(path.join(folder, '0'), { bigint: true }),
      );
      const outcomes = await workers.link([
        linkOf(0, stamp),
        linkOf(0, '1-2-3-4'),
        ...Array.from({ length: count }, (_, index) => linkOf(index)),
        linkOf(count),
      ]);
      expect(outcomes.slice(0, 2)).toEqual([written, 'other']);
      expect(outcomes.slice(2, -1)).toEqual(Array(count).fill(written));
      expect(outcomes.at(-1)).toMatchObject({ code: 'ENOENT' });
      const linked = await stat(path.join(folder, 'link-0-any'), {
        bigint: true,
      });
      expect(linked.nlink).toBe(3n);
      expect(outcomes[2]).toEqual({ stamp: stampOf(linked) });
    },
  );

  it('leaves the memory of others alone', async () => {
    const whole = bytesOf(601);
    const outcomes = await workers.write({
      bytes: whole.subarray(0, 600 * 20),
      files: Array.from({ length: 600 }, (_, index) => fileOf(index)),
    });
    expect(outcomes).toHaveLength(600);
    expect(whole).toHaveLength(601 * 20);
  });
});
