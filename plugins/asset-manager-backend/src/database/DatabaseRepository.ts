import {
  DatabaseService,
  resolvePackagePath,
} from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import type { Repository } from '../services/ports';
import { DatabaseAccessRequestStore } from './DatabaseAccessRequestStore';
import { DatabaseAliasStore } from './DatabaseAliasStore';
import { DatabaseAssetStore } from './DatabaseAssetStore';
import { DatabaseAssetTypeDraftStore } from './DatabaseAssetTypeDraftStore';
import { DatabaseAssetTypeStore } from './DatabaseAssetTypeStore';
import { DatabaseAuditStore } from './DatabaseAuditStore';
import { DatabaseBlobIndex } from './DatabaseBlobIndex';
import { DatabaseChangeStore } from './DatabaseChangeStore';
import { DatabaseCheckStore } from './DatabaseCheckStore';
import { DatabaseCopyJobStore } from './DatabaseCopyJobStore';
import { DatabaseDeclarationStore } from './DatabaseDeclarationStore';
import { DatabaseFederationStore } from './DatabaseFederationStore';
import { DatabaseFixityStore } from './DatabaseFixityStore';
import { DatabaseGrantStore } from './DatabaseGrantStore';
import { DatabaseHoldStore } from './DatabaseHoldStore';
import { DatabaseLeaseStore } from './DatabaseLeaseStore';
import { DatabaseLineageStore } from './DatabaseLineageStore';
import { DatabaseObjectIndex } from './DatabaseObjectIndex';
import { DatabaseServiceAccountStore } from './DatabaseServiceAccountStore';
import { DatabaseSigningKeyStore } from './DatabaseSigningKeyStore';
import { DatabaseStorageStatistics } from './DatabaseStorageStatistics';
import { DatabaseTransitionRequestStore } from './DatabaseTransitionRequestStore';
import { DatabaseTransitionStore } from './DatabaseTransitionStore';
import { DatabaseUploadStore } from './DatabaseUploadStore';
import { DatabaseVersionStore } from './DatabaseVersionStore';
import { DatabaseWebhookStore } from './DatabaseWebhookStore';

/** Everything that is remembered, in SQLite or PostgreSQL. */
export class DatabaseRepository implements Repository {
  /** Brings the tables up to date, and makes SQLite keep what it acknowledged. */
  static async create(options: {
    database: Pick<DatabaseService, 'getClient' | 'migrations'>;
  }): Promise<DatabaseRepository> {
    const knex = await options.database.getClient();
    if (knex.client.config.client !== 'pg') {
      // better-sqlite3 is compiled to lose the last transactions of a WAL in a power cut.
      await knex.raw('pragma journal_mode = wal');
      await knex.raw('pragma synchronous = full');
      // A large push would bring the WAL into the database many times: 32 MiB at once will do.
      await knex.raw('pragma wal_autocheckpoint = 8192');
    }
    if (!options.database.migrations?.skip) {
      await knex.migrate.latest({
        directory: resolvePackagePath(
          '@baseasset/backstage-plugin-asset-manager-backend',
          'migrations',
        ),
      });
    }
    return new DatabaseRepository(knex);
  }

  readonly assets;
  readonly versions;
  readonly aliases;
  readonly blobs;
  readonly objects;
  readonly fixity;
  readonly uploads;
  readonly changes;
  readonly declarations;
  readonly copyJobs;
  readonly storage;
  readonly leases;
  readonly accessRequests;
  readonly grants;
  readonly serviceAccounts;
  readonly federations;
  readonly assetTypes;
  readonly assetTypeDrafts;
  readonly transitions;
  readonly transitionRequests;
  readonly checks;
  readonly lineage;
  readonly audit;
  readonly holds;
  readonly webhooks;
  readonly signingKeys;
  readonly #knex: Knex;

  private constructor(knex: Knex) {
    this.#knex = knex;
    this.assets = new DatabaseAssetStore(knex);
    this.versions = new DatabaseVersionStore(knex);
    this.aliases = new DatabaseAliasStore(knex);
    this.blobs = new DatabaseBlobIndex(knex);
    this.objects = new DatabaseObjectIndex(knex);
    this.fixity = new DatabaseFixityStore(knex);
    this.uploads = new DatabaseUploadStore(knex);
    this.audit = new DatabaseAuditStore(knex);
    this.holds = new DatabaseHoldStore(knex);
    this.webhooks = new DatabaseWebhookStore(knex);
    this.changes = new DatabaseChangeStore(knex, this.audit);
    this.declarations = new DatabaseDeclarationStore(knex);
    this.copyJobs = new DatabaseCopyJobStore(knex);
    this.leases = new DatabaseLeaseStore(knex);
    this.accessRequests = new DatabaseAccessRequestStore(knex);
    this.grants = new DatabaseGrantStore(knex);
    this.serviceAccounts = new DatabaseServiceAccountStore(knex);
    this.transitions = new DatabaseTransitionStore(knex);
    this.transitionRequests = new DatabaseTransitionRequestStore(knex);
    this.checks = new DatabaseCheckStore(knex);
    this.lineage = new DatabaseLineageStore(knex);
    this.assetTypes = new DatabaseAssetTypeStore(knex);
    this.assetTypeDrafts = new DatabaseAssetTypeDraftStore(knex);
    this.federations = new DatabaseFederationStore(knex);
    this.signingKeys = new DatabaseSigningKeyStore(knex);
    this.storage = new DatabaseStorageStatistics(knex);
  }

  transaction<T>(work: (repository: Repository) => Promise<T>): Promise<T> {
    return this.#knex.transaction(transaction =>
      work(new DatabaseRepository(transaction)),
    );
  }
}
