import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { testBlobStore } from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { LocalBlobStore } from './LocalBlobStore';

const directories: string[] = [];

afterAll(async () => {
  await Promise.all(
    directories.map(directory => rm(directory, { recursive: true })),
  );
});

testBlobStore(
  'LocalBlobStore',
  async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'blobs-'));
    directories.push(directory);
    return LocalBlobStore.create({ directory });
  },
  { transfer: 'parts' },
);
