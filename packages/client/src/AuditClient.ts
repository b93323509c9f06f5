import type {
  AssetName,
  AuditCheckpoint,
  AuditOutcome,
  AuditVerification,
  Page,
  RecordedAuditEvent,
  WebhookStatus,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetPath,
  linesOf,
  PageOptions,
  RequestOptions,
  SendOptions,
} from './requests';

/** Which events are asked for. @public */
export interface AuditQuery {
  /** As the event has it: an entity reference, or the name of a service. */
  actor?: string;
  /** Begins with it: `version` finds `version.moved`. */
  action?: string;
  outcome?: AuditOutcome;
  /** ISO 8601, inclusive. */
  since?: string;
  /** ISO 8601, exclusive. */
  until?: string;
}

/**
 * Who changed what: the part of the HTTP API that is about the audit trail.
 *
 * @throws AssetManagerError from every method, as `AssetManagerClient`
 * @public
 */
export class AuditClient {
  readonly #send: (path: string, options?: SendOptions) => Promise<string>;
  readonly #open: (path: string, options: SendOptions) => Promise<Response>;

  /** @internal */
  constructor(
    send: (path: string, options?: SendOptions) => Promise<string>,
    open: (path: string, options: SendOptions) => Promise<Response>,
  ) {
    this.#send = send;
    this.#open = open;
  }

  /** Newest first: of an asset, for whoever may see it, or of everything, for auditors. */
  async list(
    query: AuditQuery & { asset?: AssetName } = {},
    options: PageOptions = {},
  ): Promise<Page<RecordedAuditEvent>> {
    const { asset, ...filter } = query;
    const { cursor, limit, signal } = options;
    return JSON.parse(
      await this.#send(asset ? `${assetPath(asset)}/events` : '/audit/events', {
        query: { ...filter, cursor, limit },
        signal,
      }),
    );
  }

  /** Has the server read its whole trail, and say whether it is intact. */
  async verify(options?: RequestOptions): Promise<AuditVerification> {
    return JSON.parse(await this.#send('/audit/verification', options));
  }

  /** A signature over how far the trail has come, to be kept elsewhere; none before the first event. */
  async checkpoint(
    options?: RequestOptions,
  ): Promise<AuditCheckpoint | undefined> {
    return JSON.parse(
      await this.#send('/audit/checkpoints', { ...options, method: 'POST' }),
    ).checkpoint;
  }

  /** How outgoing webhooks fare; for operators. */
  async listWebhooks(options?: RequestOptions): Promise<WebhookStatus[]> {
    return JSON.parse(await this.#send('/webhooks', options)).items;
  }

  /** Sends once more what a webhook did not take; for operators. */
  async resend(
    webhook: string,
    sequence: number,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#send(
      `/webhooks/${encodeURIComponent(webhook)}/dead-letters/${sequence}`,
      { ...options, method: 'POST', again: false },
    );
  }

  /** The lines of the whole trail as they come, each without its line feed. */
  async *export(options: RequestOptions = {}): AsyncGenerator<string> {
    const response = await this.#open('/audit/export', options);
    yield* linesOf(response.body!);
  }
}
