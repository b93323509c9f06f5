import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  ASSET_CHANGES_TOPIC,
  AssetChangesEventPayload,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { EventsService } from '@backstage/plugin-events-node';
import type { Repository } from './ports';

const READER = 'events';
const BATCH = 200;

/**
 * Takes the changes from the outbox to the Backstage events service, in order
 * and at least once: the position moves on after the publishing.
 */
export class ChangePublisher {
  readonly #repository: Repository;
  readonly #events: EventsService;
  readonly #logger: LoggerService;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: {
    repository: Repository;
    events: EventsService;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#events = options.events;
    this.#logger = options.logger;
  }

  /** Publishes what there is. Calls while it runs make it look once more. */
  async publish(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#drain()
      .catch(error =>
        this.#logger.error('changes could not be published yet', error),
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #drain(): Promise<void> {
    do {
      this.#again = false;
      let after = await this.#repository.changes.position(READER);
      for (;;) {
        const changes = await this.#repository.changes.list({
          after,
          limit: BATCH,
          viewer: 'everything',
        });
        for (const { sequence } of changes) {
          // No name: whoever listens asks the feed, which shows what they may see.
          const eventPayload: AssetChangesEventPayload = { sequence };
          await this.#events.publish({
            topic: ASSET_CHANGES_TOPIC,
            eventPayload,
          });
          after = sequence;
        }
        if (changes.length > 0)
          await this.#repository.changes.setPosition(READER, after);
        if (changes.length < BATCH) break;
      }
    } while (this.#again);
  }
}
