import { promises } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { testBlobStore } from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { LocalBlobStore } from './LocalBlobStore';

const directories: string[] = [];

afterAll(async () => {
  await Promise.all(
    directories.map(directory => rm(directory, { recursive: true })),
  );
});

async function create(): Promise<LocalBlobStore> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'blobs-'));
  directories.push(directory);
  return LocalBlobStore.create({ directory });
}

testBlobStore('LocalBlobStore', create, { transfer: 'parts' });

describe('a blob of parts is what its digest says', () => {
  const right = Buffer.alloc(200_000, 'r');
  const session = 'upload.blob';
  const complete = {
    session,
    key: 'asset/sha256/blob',
    size: right.length,
    digest: digestOf(right),
  };
  const part = (body: Iterable<Buffer> | AsyncIterable<Buffer>) => ({
    session,
    number: 0,
    offset: 0,
    size: right.length,
    body: Readable.from(body),
  });

  /** What has arrived is hashed in a thread meanwhile. */
  const hashed = () => pause(300);

  it('also when a part comes twice at once, the slower time with other bytes', async () => {
    const store = await create();
    let goOn = () => {};
    const held = new Promise<void>(resolve => {
      goOn = resolve;
    });
    async function* slowly() {
      yield Buffer.alloc(100_000, 'w');
      await held;
      yield Buffer.alloc(100_000, 'w');
    }
    const slow = store.putPart(part(slowly()));
    await store.putPart(part([Buffer.from(right)]));
    await expect(store.completeParts(complete)).rejects.toThrow(
      'still being written',
    );
    await hashed();
    goOn();
    await slow;
    await expect(store.completeParts(complete)).rejects.toThrow('was promised');
    expect(await store.stat(complete.key)).toBeUndefined();
  });

  it('also when another process on the directory has written other bytes', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'blobs-'));
    directories.push(directory);
    const one = await LocalBlobStore.create({ directory });
    const other = await LocalBlobStore.create({ directory });
    await one.putPart(part([Buffer.from(right)]));
    await hashed();
    await other.putPart(part([Buffer.alloc(right.length, 'w')]));
    await expect(one.completeParts(complete)).rejects.toThrow('was promised');
    await other.putPart(part([Buffer.from(right)]));
    await one.completeParts(complete);
    expect((await buffer(await one.open(complete.key))).equals(right)).toBe(
      true,
    );
    expect(await readdir(path.join(directory, 'tmp'))).toEqual([]);
  });

  it('and stays to be made of its parts when they could not be read', async () => {
    const store = await create();
    await store.putPart(part([Buffer.from(right)]));
    jest
      .spyOn(promises, 'stat')
      .mockRejectedValueOnce(Object.assign(new Error(), { code: 'ENOENT' }))
      .mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await expect(store.completeParts(complete)).rejects.toThrow('EIO');
    jest.restoreAllMocks();
    await store.completeParts(complete);
  });
});

describe('the memory of what arrives', () => {
  const write = async (disposable?: boolean) => {
    const store = await create();
    const chunks = [1, 2, 3].map(value => Buffer.alloc(64 * 1024, value));
    const content = Buffer.concat(chunks);
    const blob = {
      key: 'asset/blobs/first',
      size: content.length,
      digest: digestOf(content),
    };
    const body = () => Readable.from(chunks);
    await store.put({ ...blob, body: body(), disposable });
    const kept = await buffer(await store.open(blob.key));
    return { chunks, content, kept };
  };

  it('is given back where it is nobody’s any more', async () => {
    const { chunks, content, kept } = await write(true);
    // Node 20 has no way to do that.
    const left = 'transfer' in ArrayBuffer.prototype ? 0 : 64 * 1024;
    expect(chunks.map(({ length }) => length)).toEqual([left, left, left]);
    expect(content.equals(kept)).toBe(true);
  });

  it('is left alone where it may be somebody’s', async () => {
    const { chunks, content } = await write();
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });
});
