import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ConfigReader } from '@backstage/config';
import {
  testBlobStore,
  testUnreliableLine,
} from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { createS3BlobStore } from './createS3BlobStore';

const endpoint = process.env.TEST_S3_ENDPOINT;

jest.setTimeout(60_000);

async function create(address = endpoint) {
  const bucket = `test-${randomUUID()}`;
  await new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
  }).send(new CreateBucketCommand({ Bucket: bucket }));
  return createS3BlobStore(
    new ConfigReader({
      bucket,
      prefix: 'in/here/',
      endpoint: address,
      forcePathStyle: true,
      timeout: '2s',
    }),
  );
}

(endpoint ? describe : describe.skip)('on a real server', () => {
  testBlobStore('S3BlobStore', () => create(), { transfer: 'direct' });
  testUnreliableLine('S3BlobStore', {
    upstream: endpoint!,
    create,
    // The host is signed.
    keepsHost: true,
  });
});
