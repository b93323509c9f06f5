import { S3Client } from '@aws-sdk/client-s3';
import { Config, readDurationFromConfig } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';
import { S3BlobStore } from './S3BlobStore';

/** Some servers copy all bytes of a large object once more to make it of its parts. */
const COMPOSING = 10;

/**
 * A store as `assetManager.storage.s3.<name>` describes it. Credentials come
 * from the default chain of the AWS SDK: environment, shared files, or the role
 * of the machine. Nothing secret stands in the configuration.
 */
export function createS3BlobStore(config: Config): S3BlobStore {
  const patience = durationToMilliseconds(
    config.has('timeout')
      ? readDurationFromConfig(config, { key: 'timeout' })
      : { seconds: 60 },
  );
  const endpoint = config.getOptionalString('endpoint');
  const publicEndpoint = config.getOptionalString('publicEndpoint');
  const clientFor = (
    address: string | undefined,
    limits: { socketTimeout?: number; requestTimeout?: number } = {
      socketTimeout: patience,
    },
  ) =>
    new S3Client({
      region: config.getOptionalString('region') ?? 'us-east-1',
      ...(address && { endpoint: address }),
      forcePathStyle: config.getOptionalBoolean('forcePathStyle') ?? false,
      maxAttempts: 6,
      requestHandler: {
        connectionTimeout: patience,
        throwOnRequestTimeout: true,
        ...limits,
      },
      retryMode: 'standard',
      // Only what we ask for: a checksum of another kind would stand beside ours.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  return new S3BlobStore({
    client: clientFor(endpoint),
    // Whoever reads may take a break in the middle: only the answer's begin is timed here.
    readingClient: clientFor(endpoint, { requestTimeout: patience }),
    composingClient: clientFor(endpoint, {
      socketTimeout: patience * COMPOSING,
    }),
    patience,
    signingClient: publicEndpoint ? clientFor(publicEndpoint) : undefined,
    bucket: config.getString('bucket'),
    prefix: config.getOptionalString('prefix'),
  });
}
