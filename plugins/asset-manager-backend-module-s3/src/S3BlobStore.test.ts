import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { testBlobStore } from '@baseasset/backstage-plugin-asset-manager-node/testUtils';
import { S3BlobStore } from './S3BlobStore';

const endpoint = process.env.TEST_S3_ENDPOINT;

jest.setTimeout(60_000);

async function create() {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const bucket = `test-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return new S3BlobStore({ client, bucket, prefix: 'in/here/' });
}

(endpoint ? describe : describe.skip)('on a real server', () => {
  testBlobStore('S3BlobStore', create, { transfer: 'direct' });
});
