import { randomUUID } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { testBlobStore } from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { GcsBlobStore } from './GcsBlobStore';

const endpoint = process.env.TEST_GCS_ENDPOINT;

jest.setTimeout(60_000);

async function create() {
  const storage = new Storage({
    apiEndpoint: endpoint,
    useAuthWithCustomEndpoint: false,
  });
  const name = `test-${randomUUID()}`;
  await storage.createBucket(name);
  return new GcsBlobStore({ bucket: storage.bucket(name), prefix: 'in/here/' });
}

(endpoint ? describe : describe.skip)('on a real server', () => {
  testBlobStore('GcsBlobStore', create, { transfer: 'direct' });
});
