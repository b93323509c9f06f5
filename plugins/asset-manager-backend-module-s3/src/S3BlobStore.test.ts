import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  testBlobStore,
  testUnreliableLine,
} from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { S3BlobStore } from './S3BlobStore';

const endpoint = process.env.TEST_S3_ENDPOINT;

jest.setTimeout(60_000);

function clientAt(address: string | undefined) {
  return new S3Client({
    endpoint: address,
    maxAttempts: 6,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

async function create(address = endpoint) {
  const bucket = `test-${randomUUID()}`;
  await clientAt(endpoint).send(new CreateBucketCommand({ Bucket: bucket }));
  return new S3BlobStore({
    client: clientAt(address),
    bucket,
    prefix: 'in/here/',
  });
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
