import type { Knex } from 'knex';
import type { LeaseStore } from '../services/ports';

interface LeaseRow {
  name: string;
  holder: string;
  expires_at: string;
}

export class DatabaseLeaseStore implements LeaseStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async take(options: {
    name: string;
    holder: string;
    now: string;
    until: string;
  }): Promise<boolean> {
    const { name, holder, now, until } = options;
    const taken = await this.#leases()
      .where({ name })
      .where(either => either.where({ holder }).orWhere('expires_at', '<', now))
      .update({ holder, expires_at: until });
    if (taken > 0) return true;
    await this.#leases()
      .insert({ name, holder, expires_at: until })
      .onConflict('name')
      .ignore();
    return (await this.#leases().where({ name, holder }).first()) !== undefined;
  }

  async drop(name: string, holder: string): Promise<void> {
    await this.#leases().where({ name, holder }).delete();
  }

  #leases() {
    return this.#knex<LeaseRow>('leases');
  }
}
