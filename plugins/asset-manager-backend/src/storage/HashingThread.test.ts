import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { HashingThread } from './HashingThread';
import { PartsHasher } from './PartsHasher';

describe('the thread that hashes', () => {
  let folder: string;
  let file: string;
  const bytes = randomBytes(3_000_000);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'hash-'));
    file = path.join(folder, 'file');
    await writeFile(file, bytes);
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** The worker that a thread starts next. */
  const spyOnWorkers = () => {
    const post = jest.spyOn(Worker.prototype, 'postMessage');
    return () => post.mock.contexts.at(-1) as Worker;
  };

  it('hashes ranges in their order, and several files at once', async () => {
    const thread = new HashingThread();
    const ids = [thread.begin(), thread.begin()];
    for (const id of ids) thread.feed(id, { file, start: 0, end: 1_000_000 });
    for (const id of ids) thread.feed(id, { file, start: 1_000_000, end: 2e6 });
    expect(
      await Promise.all(ids.map(id => thread.end(id, { file, start: 2e6 }))),
    ).toEqual([digest, digest]);
  });

  it('says that a file can not be read', async () => {
    const thread = new HashingThread();
    await expect(
      thread.end(thread.begin(), { file: `${file}-gone`, start: 0 }),
    ).rejects.toThrow(/ENOENT/);
  });

  it('gives no digest of what is left after it had ended in the middle', async () => {
    const worker = spyOnWorkers();
    const thread = new HashingThread();
    const id = thread.begin();
    thread.feed(id, { file, start: 0, end: 1_000_000 });
    await worker().terminate();
    thread.feed(id, { file, start: 1_000_000, end: 2e6 });
    await expect(thread.end(id, { file, start: 2e6 })).rejects.toThrow(
      /has ended/,
    );
  });

  it('has everything read once more by who hashes parts', async () => {
    const worker = spyOnWorkers();
    const hasher = new PartsHasher();
    hasher.arrived(file, 0, 1_000_000);
    await worker().terminate();
    hasher.arrived(file, 1_000_000, 1_000_000);
    expect(await hasher.digest(file)).toBe(digest);
  });
});
