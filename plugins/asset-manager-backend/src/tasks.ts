import type {
  LoggerService,
  SchedulerService,
} from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import type { IdempotencyStore } from './http/idempotency';
import type { AuditSealer } from './services/AuditSealer';
import type { BlobCollector } from './services/BlobCollector';
import type { BlobCopier } from './services/BlobCopier';
import type { ChangePublisher } from './services/ChangePublisher';
import type { ContentVerifier } from './services/ContentVerifier';
import { ExclusiveTask } from './services/ExclusiveTask';
import type { FixityChecker } from './services/FixityChecker';
import type { FixityService } from './services/FixityService';
import type { Clock, Repository } from './services/ports';
import type { Purger } from './services/Purger';
import type { RecordKeeper } from './services/RecordKeeper';
import type { ReplicaKeeper } from './services/ReplicaKeeper';
import type { TransitionNotifier } from './services/TransitionNotifier';
import type { TransitionService } from './services/TransitionService';
import type { UploadService } from './services/UploadService';
import type { WebhookSender } from './services/WebhookSender';

export const COPY_TASK = 'copy-blobs';
export const FIXITY_TASK = 'check-fixity';
export const VERIFY_TASK = 'verify-content';
const DAY_MS = 24 * 60 * 60 * 1000;

/** What is done again and again, without anybody asking. */
export async function scheduleTasks(options: {
  scheduler: SchedulerService;
  repository: Repository;
  idempotency: IdempotencyStore;
  publisher: ChangePublisher;
  verifier: ContentVerifier;
  copier: BlobCopier;
  records: RecordKeeper;
  replicas: ReplicaKeeper;
  sealer: AuditSealer;
  webhooks: WebhookSender;
  notifier: TransitionNotifier;
  transitions: TransitionService;
  fixity: FixityService;
  fixityChecker: FixityChecker;
  purger: Purger;
  collector: BlobCollector;
  uploads: UploadService;
  /** Names this process among all replicas. */
  holder: string;
  now: Clock;
  logger: LoggerService;
}): Promise<void> {
  const { scheduler, repository, holder, now, logger } = options;

  /** Each may run for hours; a lease of our own says which replica does it. */
  const exclusively = async (
    name: string,
    frequency: { seconds: number } | { hours: number },
    work: (signal: AbortSignal) => Promise<void>,
  ) => {
    const task = new ExclusiveTask({
      leases: repository.leases,
      name,
      holder,
      now,
      work,
    });
    await scheduler.scheduleTask({
      id: name,
      scope: 'local',
      frequency,
      timeout: { hours: 24 },
      initialDelay: { seconds: 5 },
      fn: signal => task.run(signal),
    });
  };

  await scheduler.scheduleTask({
    id: 'publish-changes',
    scope: 'local',
    frequency: { seconds: 10 },
    timeout: { minutes: 1 },
    initialDelay: { seconds: 2 },
    fn: () => options.publisher.publish(),
  });
  await exclusively(VERIFY_TASK, { seconds: 30 }, signal =>
    options.verifier.run(signal),
  );
  await exclusively(COPY_TASK, { seconds: 30 }, signal =>
    options.copier.run(signal),
  );
  await exclusively('keep-records', { seconds: 30 }, signal =>
    options.records.run(signal),
  );
  await exclusively('order-replicas', { seconds: 30 }, signal =>
    options.replicas.run(signal),
  );
  await exclusively('seal-audit', { seconds: 2 }, signal =>
    options.sealer.run({ signal }),
  );
  await exclusively('send-webhooks', { seconds: 5 }, signal =>
    options.webhooks.run(signal),
  );
  await exclusively('notify-people', { seconds: 5 }, signal =>
    options.notifier.run(signal),
  );
  await exclusively('settle-transitions', { seconds: 30 }, signal =>
    options.transitions.settleOpen(signal),
  );
  await exclusively(FIXITY_TASK, { seconds: 30 }, async signal => {
    await options.fixity.orderDue();
    await options.fixityChecker.run(signal);
  });
  await exclusively('collect-blobs', { hours: 1 }, async signal => {
    await options.purger.run(signal);
    const count = await options.collector.run(signal);
    if (count > 0) logger.info(`deleted ${count} blobs that nothing refers to`);
  });
  await scheduler.scheduleTask({
    id: 'sample-storage',
    frequency: { hours: 6 },
    timeout: { minutes: 10 },
    initialDelay: { seconds: 30 },
    fn: () => repository.storage.sample(now().slice(0, 10)),
  });
  await scheduler.scheduleTask({
    id: 'remove-expired',
    frequency: { hours: 1 },
    timeout: { minutes: 10 },
    initialDelay: { minutes: 1 },
    fn: async () => {
      const count = await options.uploads.removeExpired((id, error) =>
        logger.warn(
          `the upload ${id} could not be forgotten yet`,
          isError(error) ? error : undefined,
        ),
      );
      if (count > 0)
        logger.info(`removed ${count} uploads that nobody went on with`);
      await options.idempotency.removeOlderThan(
        new Date(Date.now() - DAY_MS).toISOString(),
      );
    },
  });
}
