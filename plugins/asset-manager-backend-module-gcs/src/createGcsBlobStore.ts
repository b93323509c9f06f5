import {
  IdempotencyStrategy,
  RETRYABLE_ERR_FN_DEFAULT,
  Storage,
} from '@google-cloud/storage';
import { Config, readDurationFromConfig } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';
import { GcsBlobStore } from './GcsBlobStore';

/**
 * A store as `assetManager.storage.gcs.<name>` describes it. Credentials come
 * from Google's own chain (application default credentials): a workload's
 * identity, the machine's service account, or `GOOGLE_APPLICATION_CREDENTIALS`.
 * Nothing secret stands in the configuration.
 */
export function createGcsBlobStore(
  config: Config,
  options: { retryDelay?: number } = {},
): GcsBlobStore {
  const patience = durationToMilliseconds(
    config.has('timeout')
      ? readDurationFromConfig(config, { key: 'timeout' })
      : { seconds: 60 },
  );
  const endpoint = config.getOptionalString('endpoint');
  const storage = new Storage({
    projectId: config.getOptionalString('projectId'),
    // Of one request, with the 16 MiB at most that it carries.
    timeout: patience,
    ...(endpoint && {
      apiEndpoint: endpoint,
      useAuthWithCustomEndpoint: false,
    }),
    retryOptions: {
      autoRetry: true,
      maxRetries: 6,
      totalTimeout: 120,
      ...(options.retryDelay && { maxRetryDelay: 1 }),
      // Whatever we ask for may be asked for twice: creation is conditional, what
      // is composed is the same each time, and a deletion finds nothing.
      idempotencyStrategy: IdempotencyStrategy.RetryAlways,
      retryableErrorFn: error =>
        error !== undefined &&
        (Boolean(RETRYABLE_ERR_FN_DEFAULT(error)) ||
          // The bucket said nothing for too long.
          (error as { type?: string }).type === 'request-timeout'),
    },
  });
  return new GcsBlobStore({
    bucket: storage.bucket(config.getString('bucket')),
    prefix: config.getOptionalString('prefix'),
    retryDelay: options.retryDelay,
    patience,
  });
}
