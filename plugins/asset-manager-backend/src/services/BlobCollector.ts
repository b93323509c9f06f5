import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import type { Clock, Repository } from './ports';
import type { Stores } from './Stores';

/** What one run deletes at most. */
const CAP = 10_000;
const BATCH = 100;

/**
 * Deletes bytes that nothing refers to any more, once they have been condemned
 * for a while: readers that were sent to them are done by then, and who regrets
 * has had the time to say so.
 */
export class BlobCollector {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #now: Clock;
  readonly #graceMs: number;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    now: Clock;
    graceMs: number;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#now = options.now;
    this.#graceMs = options.graceMs;
    this.#logger = options.logger;
  }

  /** @returns how many blobs were deleted */
  async run(signal?: AbortSignal): Promise<number> {
    const { blobs } = this.#repository;
    const before = new Date(
      Date.parse(this.#now()) - this.#graceMs,
    ).toISOString();
    let count = 0;
    let failed = 0;
    while (count < CAP) {
      const batch = await blobs.condemned(before, {
        limit: BATCH,
        offset: failed,
        stores: this.#stores.names,
      });
      if (batch.length === 0) break;
      for (const copy of batch) {
        signal?.throwIfAborted();
        try {
          if (await blobs.beginDelete(copy)) {
            await this.#stores.get(copy.store).delete(copy.key);
            await blobs.deleted(copy);
            count++;
          }
        } catch (error) {
          failed++;
          this.#logger.warn(
            `a condemned blob could not be deleted from '${copy.store}'`,
            isError(error) ? error : undefined,
          );
        }
      }
    }
    return count;
  }
}
