import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { BLOCK_SIZE } from '@baseasset/backstage-plugin-asset-manager-common';
import { HashingThread } from './HashingThread';
import { PartsHasher } from '../storage/PartsHasher';

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

  describe('given a stream', () => {
    const sha256 = (content: Uint8Array) =>
      createHash('sha256').update(content).digest();
    /** In chunks of a memory of their own each. */
    async function* inChunks(content: Buffer, step: number) {
      for (let at = 0; at < content.length; at += step)
        yield Buffer.from(
          new Uint8Array(content.subarray(at, at + step)).buffer,
        );
    }

    it.each([0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 5 * BLOCK_SIZE])(
      'makes the digests of %d bytes and their blocks, however they come',
      async size => {
        const thread = new HashingThread();
        const content = randomBytes(size);
        const expected = Buffer.concat(
          Array.from({ length: Math.ceil(size / BLOCK_SIZE) }, (_, index) =>
            sha256(
              content.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE),
            ),
          ),
        );
        for (const step of [1000, BLOCK_SIZE, 100_000, 1_000_000]) {
          const hashed = await thread.hashStream(inChunks(content, step), {
            size,
          });
          expect(hashed).toEqual({
            digest: `sha256:${sha256(content).toString('hex')}`,
            blocks: expected,
          });
        }
      },
    );

    it('holds back what comes faster than it hashes, and leaves views alone', async () => {
      const thread = new HashingThread();
      let given = 0;
      const view = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
      async function* views() {
        for (let at = 0; at < 40; at++) {
          given++;
          yield view;
        }
      }
      const hashing = thread.hashStream(views());
      await new Promise(resolve => {
        setImmediate(resolve);
      });
      // Three of three MB are more than eight MiB.
      expect(given).toBeLessThanOrEqual(3);
      const whole = createHash('sha256');
      for (let at = 0; at < 40; at++) whole.update(bytes);
      expect(await hashing).toEqual({
        digest: `sha256:${whole.digest('hex')}`,
      });
      expect(view.equals(bytes)).toBe(true);
    });

    it('says what the stream says, and goes on with others', async () => {
      const thread = new HashingThread();
      async function* broken() {
        yield bytes.subarray(0, 1000);
        throw new Error('the line is cut');
      }
      await expect(thread.hashStream(broken())).rejects.toThrow(
        'the line is cut',
      );
      expect(await thread.hashStream(inChunks(bytes, 100_000))).toEqual({
        digest,
      });
    });

    it('gives no digest after it had ended in the middle', async () => {
      const worker = spyOnWorkers();
      const thread = new HashingThread();
      async function* ended() {
        yield Buffer.from(bytes);
        await worker().terminate();
        yield Buffer.from(bytes);
      }
      await expect(thread.hashStream(ended())).rejects.toThrow(/has ended/);
    });
  });
});
