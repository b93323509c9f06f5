import type { Knex } from 'knex';
import type {
  ServiceAccountRecord,
  ServiceAccountStore,
  ServiceTokenRecord,
} from '../services/accessPorts';
import { orUndefined } from './rows';

interface AccountRow {
  name: string;
  owner: string;
  description: string | null;
  created_at: string;
  created_by: string;
  disabled_at: string | null;
  disabled_by: string | null;
}

interface TokenRow {
  id: string;
  account: string;
  secret_hash: string;
  description: string | null;
  created_at: string;
  created_by: string;
  expires_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
}

function toAccount(row: AccountRow): ServiceAccountRecord {
  return {
    name: row.name,
    owner: row.owner,
    description: orUndefined(row.description),
    createdAt: row.created_at,
    createdBy: row.created_by,
    disabledAt: orUndefined(row.disabled_at),
  };
}

function toToken(row: TokenRow): ServiceTokenRecord {
  return {
    id: row.id,
    account: row.account,
    secretHash: row.secret_hash,
    description: orUndefined(row.description),
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    lastUsedAt: orUndefined(row.last_used_at),
    revokedAt: orUndefined(row.revoked_at),
  };
}

export class DatabaseServiceAccountStore implements ServiceAccountStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async find(name: string): Promise<ServiceAccountRecord | undefined> {
    const row = await this.#knex<AccountRow>('service_accounts')
      .where({ name })
      .first();
    return row && toAccount(row);
  }

  async list(owners?: readonly string[]): Promise<ServiceAccountRecord[]> {
    const query = this.#knex<AccountRow>('service_accounts').orderBy('name');
    if (owners) query.whereIn('owner', [...owners]);
    return (await query).map(toAccount);
  }

  async insert(account: ServiceAccountRecord): Promise<boolean> {
    const rows = await this.#knex<AccountRow>('service_accounts')
      .insert({
        name: account.name,
        owner: account.owner,
        description: account.description ?? null,
        created_at: account.createdAt,
        created_by: account.createdBy,
      })
      .onConflict('name')
      .ignore()
      .returning('name');
    return rows.length > 0;
  }

  async setDisabled(
    name: string,
    at: string | undefined,
    by: string,
  ): Promise<void> {
    await this.#knex<AccountRow>('service_accounts')
      .where({ name })
      .update({
        disabled_at: at ?? null,
        disabled_by: at === undefined ? null : by,
      });
  }

  async tokens(account: string): Promise<ServiceTokenRecord[]> {
    const rows = await this.#knex<TokenRow>('service_tokens')
      .where({ account })
      .orderBy('id', 'desc');
    return rows.map(toToken);
  }

  async findToken(id: string): Promise<ServiceTokenRecord | undefined> {
    const row = await this.#knex<TokenRow>('service_tokens')
      .where({ id })
      .first();
    return row && toToken(row);
  }

  async insertToken(token: ServiceTokenRecord): Promise<void> {
    await this.#knex<TokenRow>('service_tokens').insert({
      id: token.id,
      account: token.account,
      secret_hash: token.secretHash,
      description: token.description ?? null,
      created_at: token.createdAt,
      created_by: token.createdBy,
      expires_at: token.expiresAt,
    });
  }

  async revokeToken(id: string, at: string, by: string): Promise<void> {
    await this.#knex<TokenRow>('service_tokens')
      .where({ id })
      .whereNull('revoked_at')
      .update({ revoked_at: at, revoked_by: by });
  }

  async endToken(id: string, at: string): Promise<void> {
    await this.#knex<TokenRow>('service_tokens')
      .where({ id })
      .where('expires_at', '>', at)
      .update({ expires_at: at });
  }

  async noteUse(id: string, at: string): Promise<void> {
    await this.#knex<TokenRow>('service_tokens')
      .where({ id })
      .update({ last_used_at: at });
  }
}
