import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { SmallFile, SmallFileWriter } from './SmallFileWriter';

const text = (index: number) => `file ${index}\n`.padEnd(20, '.');

describe('SmallFileWriter', () => {
  let folder: string;
  let writer: SmallFileWriter;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'small-'));
    writer = new SmallFileWriter();
  });

  afterEach(async () => {
    await writer.close();
    await rm(folder, { recursive: true });
  });

  const fileOf = (index: number, more: Partial<SmallFile> = {}): SmallFile => ({
    digest: digestOf(text(index)),
    size: 20,
    source: index * 20,
    temporary: path.join(folder, `.${index}.part`),
    target: path.join(folder, `${index}`),
    mode: 0o444,
    ...more,
  });
  const bytesOf = (count: number) =>
    new TextEncoder().encode(
      Array.from({ length: count }, (_, index) => text(index)).join(''),
    );

  // Below and above the number of files that threads are started for.
  it.each([3, 600])('writes %i files, all but the damaged', async count => {
    const files = Array.from({ length: count }, (_, index) =>
      fileOf(index, index === 1 ? { digest: digestOf('another') } : {}),
    );
    const outcomes = await writer.write({ bytes: bytesOf(count), files });
    expect(outcomes).toEqual(
      files.map((_, index) => (index === 1 ? 'damaged' : 'written')),
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
          index === 2 ? { target: path.join(folder, 'none', '2') } : {},
        ),
      );
      const outcomes = await writer.write({ bytes: bytesOf(count), files });
      expect(outcomes[2]).toMatchObject({ code: 'ENOENT', syscall: 'rename' });
      expect(outcomes.filter(each => each !== 'written')).toHaveLength(1);
      // What it had begun is gone.
      expect(await readdir(folder)).toHaveLength(count - 1);
    },
  );

  it('copies files, on as many threads as there are batches', async () => {
    const count = 600;
    await writer.write({
      bytes: bytesOf(count),
      files: Array.from({ length: count }, (_, index) => fileOf(index)),
    });
    const batches = [0, 1, 2, 3, 4, 5].map(batch =>
      Array.from({ length: 100 }, (_, at) => {
        const index = batch * 100 + at;
        return fileOf(index, {
          source: path.join(folder, `${index}`),
          target: path.join(folder, `copy-${index}`),
        });
      }),
    );
    const outcomes = await Promise.all(
      batches.map(files => writer.write({ files })),
    );
    expect(outcomes.flat()).toEqual(Array(count).fill('written'));
    expect(await readFile(path.join(folder, 'copy-599'), 'utf8')).toBe(
      text(599),
    );
  });

  it('leaves the memory of others alone', async () => {
    const whole = bytesOf(601);
    const outcomes = await writer.write({
      bytes: whole.subarray(0, 600 * 20),
      files: Array.from({ length: 600 }, (_, index) => fileOf(index)),
    });
    expect(outcomes).toHaveLength(600);
    expect(whole).toHaveLength(601 * 20);
  });
});
