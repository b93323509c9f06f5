import type { Knex } from 'knex';
import type {
  FederationRecord,
  FederationStore,
} from '../services/accessPorts';
import { orUndefined } from './rows';

interface FederationRow {
  id: string;
  account: string;
  issuer: string;
  claims: string;
  description: string | null;
  created_at: string;
  created_by: string;
  last_used_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
}

function toRecord(row: FederationRow): FederationRecord {
  return {
    id: row.id,
    account: row.account,
    issuer: row.issuer,
    claims: JSON.parse(row.claims),
    description: orUndefined(row.description),
    createdAt: row.created_at,
    createdBy: row.created_by,
    lastUsedAt: orUndefined(row.last_used_at),
  };
}

export class DatabaseFederationStore implements FederationStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  async list(account: string): Promise<FederationRecord[]> {
    const rows = await this.#knex<FederationRow>('service_federations')
      .where({ account })
      .whereNull('revoked_at')
      .orderBy('id', 'desc');
    return rows.map(toRecord);
  }

  async find(id: string): Promise<FederationRecord | undefined> {
    const row = await this.#knex<FederationRow>('service_federations')
      .where({ id })
      .whereNull('revoked_at')
      .first();
    return row && toRecord(row);
  }

  async insert(federation: FederationRecord): Promise<void> {
    await this.#knex<FederationRow>('service_federations').insert({
      id: federation.id,
      account: federation.account,
      issuer: federation.issuer,
      claims: JSON.stringify(federation.claims),
      description: federation.description ?? null,
      created_at: federation.createdAt,
      created_by: federation.createdBy,
    });
  }

  async revoke(id: string, at: string, by: string): Promise<void> {
    await this.#knex<FederationRow>('service_federations')
      .where({ id })
      .whereNull('revoked_at')
      .update({ revoked_at: at, revoked_by: by });
  }

  async noteUse(id: string, at: string): Promise<void> {
    await this.#knex<FederationRow>('service_federations')
      .where({ id })
      .update({ last_used_at: at });
  }
}
