import type { Knex } from 'knex';
import type { SigningKey, SigningKeyStore } from '../services/accessPorts';

interface KeyRow {
  id: string;
  public_key: string;
  private_key: string;
  created_at: string;
}

export class DatabaseSigningKeyStore implements SigningKeyStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async list(since: string): Promise<SigningKey[]> {
    const rows = await this.#knex<KeyRow>('signing_keys')
      .where('created_at', '>', since)
      .orderBy('created_at', 'desc');
    return rows.map(row => ({
      id: row.id,
      publicKey: JSON.parse(row.public_key),
      privateKey: JSON.parse(row.private_key),
      createdAt: row.created_at,
    }));
  }

  async insert(key: SigningKey): Promise<void> {
    await this.#knex<KeyRow>('signing_keys').insert({
      id: key.id,
      public_key: JSON.stringify(key.publicKey),
      private_key: JSON.stringify(key.privateKey),
      created_at: key.createdAt,
    });
  }
}
