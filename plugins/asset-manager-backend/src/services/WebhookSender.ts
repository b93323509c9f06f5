import { ConflictError, NotFoundError } from '@backstage/errors';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type {
  AuditEvent,
  WebhookStatus,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assertOperates, Caller } from '../model/caller';
import { SIGNATURE_HEADER, signWebhook } from '../model/webhookSignature';
import type { Clock, Repository } from './ports';

/** Where events are sent, as the configuration says. */
export interface Webhook {
  name: string;
  url: string;
  secret: string;
  /** Those whose actions begin so; all when left out. */
  actions?: readonly string[];
}

/** Seconds to wait after each failed try. */
const BACK_OFF_S = [10, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600];
const LIMIT_MS = 10_000;
const BATCH = 200;
const LISTED = 100;

/** A webhook that will never take something, however often it is sent. */
class Refusal extends Error {}

/**
 * Sends the events of the audit trail to webhooks: in order, at least once, signed. What
 * one does not take for half a day, or says that it never will, becomes a dead letter.
 */
export class WebhookSender {
  readonly #repository: Repository;
  readonly #webhooks: readonly Webhook[];
  readonly #operators: readonly string[];
  readonly #now: Clock;
  readonly #fetch: typeof fetch;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    webhooks: readonly Webhook[];
    operators: readonly string[];
    now: Clock;
    fetch?: typeof fetch;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#webhooks = options.webhooks;
    this.#operators = options.operators;
    this.#now = options.now;
    this.#fetch = options.fetch ?? fetch;
    this.#logger = options.logger;
  }

  /** Sends to each what is due. */
  async run(signal?: AbortSignal): Promise<void> {
    for (const webhook of this.#webhooks) await this.#drain(webhook, signal);
  }

  /** @throws NotAllowedError for whoever is no operator */
  async list(caller: Caller): Promise<WebhookStatus[]> {
    assertOperates(caller, this.#operators);
    const head = (await this.#repository.audit.head())?.sequence ?? 0;
    return Promise.all(
      this.#webhooks.map(async ({ name, url, actions }) => {
        const state = await this.#repository.webhooks.find(name);
        return {
          name,
          origin: new URL(url).origin,
          actions: actions && [...actions],
          behind: state ? head - state.position : 0,
          attempts: state?.attempts ?? 0,
          nextAt: state?.nextAt,
          lastError: state?.lastError,
          deadLetters: await this.#repository.webhooks.deadLetters(
            name,
            LISTED,
          ),
        };
      }),
    );
  }

  /**
   * Sends a dead letter once more.
   *
   * @throws NotFoundError when there is none
   * @throws ConflictError when it is not taken again, and the letter stays
   */
  async resend(caller: Caller, name: string, sequence: number): Promise<void> {
    assertOperates(caller, this.#operators);
    const webhook = this.#webhooks.find(each => each.name === name);
    const letters = await this.#repository.webhooks.deadLetters(name, 1e6);
    const [entry] = await this.#repository.audit.chain({
      above: sequence - 1,
      limit: 1,
    });
    if (
      !webhook ||
      !entry?.content ||
      !letters.some(letter => letter.sequence === sequence)
    )
      throw new NotFoundError(
        `the webhook ${name} has no dead letter ${sequence}`,
      );
    const error = await this.#try(webhook, sequence, entry.content);
    if (error)
      throw new ConflictError(
        `the webhook ${name} does not take it: ${error.message}`,
      );
    await this.#repository.webhooks.forget(name, sequence);
  }

  async #drain(webhook: Webhook, signal?: AbortSignal): Promise<void> {
    const { audit, webhooks } = this.#repository;
    const { name } = webhook;
    // A new one hears of what happens from now on.
    const state = (await webhooks.find(name)) ?? {
      name,
      position: (await audit.head())?.sequence ?? 0,
      attempts: 0,
    };
    await webhooks.put(state);
    if (state.nextAt !== undefined && state.nextAt > this.#now()) return;
    let { position, attempts } = state;
    for (;;) {
      const entries = await audit.chain({ above: position, limit: BATCH });
      for (const { sequence, content } of entries) {
        if (signal?.aborted) return;
        if (content !== undefined && isWanted(webhook, content)) {
          const error = await this.#try(webhook, sequence, content);
          if (error instanceof Refusal || attempts >= BACK_OFF_S.length) {
            if (error) await this.#bury(name, sequence, error);
          } else if (error) {
            await webhooks.put({
              name,
              position,
              attempts: attempts + 1,
              nextAt: this.#later(BACK_OFF_S[attempts]),
              lastError: error.message,
            });
            return;
          }
        }
        position = sequence;
        attempts = 0;
        await webhooks.put({ name, position, attempts });
      }
      if (entries.length < BATCH) return;
    }
  }

  async #bury(name: string, sequence: number, error: Error): Promise<void> {
    await this.#repository.webhooks.bury(name, {
      sequence,
      at: this.#now(),
      error: error.message,
    });
    this.#logger.warn(
      `the webhook ${name} did not take event ${sequence}, which is a dead letter now: ${error.message}`,
    );
  }

  async #try(
    webhook: Webhook,
    sequence: number,
    content: string,
  ): Promise<Error | undefined> {
    try {
      await this.#send(webhook, sequence, content);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** @throws Error that says what the webhook answered */
  async #send(
    { name, url, secret }: Webhook,
    sequence: number,
    content: string,
  ): Promise<void> {
    const event = JSON.parse(content) as AuditEvent;
    const body = `{"webhook":${JSON.stringify(
      name,
    )},"sequence":${sequence},"event":${content}}`;
    let response: Response;
    try {
      response = await this.#fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(LIMIT_MS),
        headers: {
          'Content-Type': 'application/json',
          'Asset-Manager-Event': event.action,
          // The same for each try: whoever has it already can leave it.
          'Asset-Manager-Delivery': event.id,
          [SIGNATURE_HEADER]: signWebhook(
            secret,
            Date.parse(this.#now()),
            body,
          ),
        },
        body,
      });
    } catch (error) {
      const { name: kind } = error as Error;
      throw new Error(
        kind === 'TimeoutError'
          ? `it did not answer within ${LIMIT_MS / 1000} seconds`
          : 'it can not be reached',
      );
    }
    await response.body?.cancel();
    const { status } = response;
    if (status >= 200 && status < 300) return;
    const again = status >= 500 || status === 408 || status === 429;
    throw again
      ? new Error(`it answered ${status}`)
      : new Refusal(`it answered ${status}`);
  }

  #later(seconds: number): string {
    return new Date(Date.parse(this.#now()) + seconds * 1000).toISOString();
  }
}

function isWanted({ actions }: Webhook, content: string): boolean {
  if (!actions) return true;
  const { action, outcome } = JSON.parse(content) as AuditEvent;
  return (
    outcome === 'succeeded' && actions.some(each => action.startsWith(each))
  );
}
