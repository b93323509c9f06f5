import { randomUUID } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { ConfigReader } from '@backstage/config';
import {
  testBlobStore,
  testUnreliableLine,
} from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { createGcsBlobStore } from './createGcsBlobStore';

const endpoint = process.env.TEST_GCS_ENDPOINT;

jest.setTimeout(60_000);

async function create(address = endpoint) {
  const bucket = `test-${randomUUID()}`;
  await new Storage({
    apiEndpoint: endpoint,
    useAuthWithCustomEndpoint: false,
  }).createBucket(bucket);
  return createGcsBlobStore(
    new ConfigReader({
      bucket,
      prefix: 'in/here/',
      endpoint: address,
      timeout: '2s',
    }),
    { retryDelay: 10 },
  );
}

(endpoint ? describe : describe.skip)('on a real server', () => {
  testBlobStore('GcsBlobStore', () => create(), { transfer: 'direct' });
  testUnreliableLine('GcsBlobStore', {
    upstream: endpoint!,
    create,
    // The emulator goes by the host that it was told of.
    keepsHost: false,
  });
});
