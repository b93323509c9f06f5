import type { Knex } from 'knex';
import type {
  DeadLetter,
  WebhookState,
  WebhookStore,
} from '../services/webhookPorts';
import { orUndefined, toNumber } from './rows';

interface WebhookRow {
  name: string;
  position: number | string;
  attempts: number;
  next_at: string | null;
  last_error: string | null;
}

interface LetterRow {
  webhook: string;
  sequence: number | string;
  at: string;
  error: string;
}

export class DatabaseWebhookStore implements WebhookStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(name: string): Promise<WebhookState | undefined> {
    const row = await this.#knex<WebhookRow>('webhooks')
      .where({ name })
      .first();
    return (
      row && {
        name,
        position: toNumber(row.position),
        attempts: row.attempts,
        nextAt: orUndefined(row.next_at),
        lastError: orUndefined(row.last_error),
      }
    );
  }

  async put(state: WebhookState): Promise<void> {
    await this.#knex<WebhookRow>('webhooks')
      .insert({
        name: state.name,
        position: state.position,
        attempts: state.attempts,
        next_at: state.nextAt ?? null,
        last_error: state.lastError ?? null,
      })
      .onConflict('name')
      .merge();
  }

  async deadLetters(webhook: string, limit: number): Promise<DeadLetter[]> {
    const rows = await this.#letters()
      .where({ webhook })
      .orderBy('sequence')
      .limit(limit);
    return rows.map(({ sequence, at, error }) => ({
      sequence: toNumber(sequence),
      at,
      error,
    }));
  }

  async bury(webhook: string, letter: DeadLetter): Promise<void> {
    await this.#letters()
      .insert({ webhook, ...letter })
      .onConflict(['webhook', 'sequence'])
      .merge();
  }

  async forget(webhook: string, sequence: number): Promise<boolean> {
    return (await this.#letters().where({ webhook, sequence }).delete()) > 0;
  }

  async hear(signature: string, at: string): Promise<boolean> {
    const inserted = await this.#knex('heard_webhooks')
      .insert({ signature, at })
      .onConflict('signature')
      .ignore()
      .returning('signature');
    return inserted.length > 0;
  }

  async forgetHeard(before: string): Promise<void> {
    await this.#knex('heard_webhooks').where('at', '<', before).delete();
  }

  #letters() {
    return this.#knex<LetterRow>('dead_letters');
  }
}
