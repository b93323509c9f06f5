import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
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
