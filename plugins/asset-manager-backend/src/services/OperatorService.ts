import type { JsonObject } from '@backstage/types';
import { ConflictError } from '@backstage/errors';
import type {
  CollectionPlan,
  RebuildReport,
  StorageReport,
  StoreCheck,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assertOperates, Caller, operates } from '../model/caller';
import type { BlobCollector } from './BlobCollector';
import { ExclusiveTask } from './ExclusiveTask';
import type { NamespaceQuotas } from './NamespaceQuotas';
import type { Clock, Repository } from './ports';
import type { Purger } from './Purger';
import type { StoreDoctor } from './StoreDoctor';
import type { StoreRebuilder } from './StoreRebuilder';

/** What those may ask who look after the installation. */
export class OperatorService {
  readonly #repository: Repository;
  readonly #doctor: StoreDoctor;
  readonly #collector: BlobCollector;
  readonly #purger: Purger;
  readonly #quotas: NamespaceQuotas;
  readonly #rebuilder: StoreRebuilder;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #operators: readonly string[];

  constructor(options: {
    repository: Repository;
    doctor: StoreDoctor;
    collector: BlobCollector;
    purger: Purger;
    quotas: NamespaceQuotas;
    rebuilder: StoreRebuilder;
    now: Clock;
    createId: () => string;
    /** Entity references of people and groups. */
    operators: readonly string[];
  }) {
    this.#repository = options.repository;
    this.#doctor = options.doctor;
    this.#collector = options.collector;
    this.#purger = options.purger;
    this.#quotas = options.quotas;
    this.#rebuilder = options.rebuilder;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#operators = options.operators;
  }

  /** What a collection would delete. @throws NotAllowedError for whoever is no operator */
  async planCollection(caller: Caller): Promise<CollectionPlan> {
    assertOperates(caller, this.#operators);
    return this.#collector.plan();
  }

  /**
   * Gives up what was deleted for good and deletes what nothing refers to, as a
   * task does every hour.
   *
   * @returns how many blobs were deleted
   * @throws NotAllowedError for whoever is no operator
   */
  async collect(caller: Caller): Promise<{ deleted: number }> {
    assertOperates(caller, this.#operators);
    await this.#purger.run();
    const deleted = await this.#collector.run();
    await this.#record(caller, 'storage.collected', { deleted });
    return { deleted };
  }

  /**
   * Brings back what the database has lost, from what stands in the stores.
   *
   * @throws NotAllowedError for whoever is no operator
   * @throws ConflictError while it is under way already
   */
  async rebuild(
    caller: Caller,
    request: { dryRun?: boolean },
  ): Promise<RebuildReport> {
    assertOperates(caller, this.#operators);
    let report: RebuildReport | undefined;
    const task = new ExclusiveTask({
      leases: this.#repository.leases,
      name: 'rebuild',
      holder: this.#createId(),
      now: this.#now,
      work: async signal => {
        report = await this.#rebuilder.run(request.dryRun ?? false, signal);
      },
    });
    await task.run(new AbortController().signal);
    if (!report) throw new ConflictError('a rebuild is under way already');
    if (!request.dryRun) await this.#record(caller, 'storage.rebuilt', {});
    return report;
  }

  #record(caller: Caller, action: string, found: JsonObject): Promise<void> {
    return this.#repository.audit.append({
      at: this.#now(),
      actor: caller.subject,
      action,
      object: 'storage',
      new: found,
    });
  }

  /** Whether the caller may ask the rest. */
  includes(caller: Caller): boolean {
    return operates(caller, this.#operators);
  }

  /** Tries out every store. @throws NotAllowedError for whoever is no operator */
  async examine(caller: Caller): Promise<StoreCheck[]> {
    assertOperates(caller, this.#operators);
    return this.#doctor.examine();
  }

  /** What everything takes. @throws NotAllowedError for whoever is no operator */
  async usage(caller: Caller): Promise<StorageReport> {
    assertOperates(caller, this.#operators);
    const report = await this.#repository.storage.report();
    return {
      ...report,
      byNamespace: report.byNamespace.map(usage => ({
        ...usage,
        quota: this.#quotas.limitOf(usage.namespace),
      })),
    };
  }
}
