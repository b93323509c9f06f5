import type { Knex } from 'knex';
import type { IdempotencyStore, RememberedAnswer } from '../http/idempotency';

interface KeyRow {
  key: string;
  subject: string;
  request: string;
  status: number;
  body: string;
  created_at: string;
}

export class DatabaseIdempotencyStore implements IdempotencyStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async claim(answer: RememberedAnswer): Promise<RememberedAnswer | undefined> {
    const { subject, key } = answer;
    const [claimed] = await this.#rows()
      .insert({ ...toRow(answer) })
      .onConflict(['subject', 'key'])
      .ignore()
      .returning('key');
    if (claimed) return undefined;
    const row = await this.#rows().where({ subject, key }).first();
    return row && { ...row, createdAt: row.created_at };
  }

  async answer(answer: RememberedAnswer): Promise<void> {
    const { subject, key } = answer;
    await this.#rows().where({ subject, key }).update(toRow(answer));
  }

  async forget(subject: string, key: string): Promise<void> {
    await this.#rows().where({ subject, key }).delete();
  }

  async removeOlderThan(time: string): Promise<void> {
    await this.#rows().where('created_at', '<', time).delete();
  }

  #rows() {
    return this.#knex<KeyRow>('idempotency_keys');
  }
}

function toRow({
  key,
  subject,
  request,
  status,
  body,
  createdAt,
}: RememberedAnswer): KeyRow {
  return { key, subject, request, status, body, created_at: createdAt };
}
