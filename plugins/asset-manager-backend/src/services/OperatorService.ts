import type {
  CollectionPlan,
  StorageReport,
  StoreCheck,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assertOperates, Caller, operates } from '../model/caller';
import type { BlobCollector } from './BlobCollector';
import type { NamespaceQuotas } from './NamespaceQuotas';
import type { Repository } from './ports';
import type { StoreDoctor } from './StoreDoctor';

/** What those may ask who look after the installation. */
export class OperatorService {
  readonly #repository: Repository;
  readonly #doctor: StoreDoctor;
  readonly #collector: BlobCollector;
  readonly #quotas: NamespaceQuotas;
  readonly #operators: readonly string[];

  constructor(options: {
    repository: Repository;
    doctor: StoreDoctor;
    collector: BlobCollector;
    quotas: NamespaceQuotas;
    /** Entity references of people and groups. */
    operators: readonly string[];
  }) {
    this.#repository = options.repository;
    this.#doctor = options.doctor;
    this.#collector = options.collector;
    this.#quotas = options.quotas;
    this.#operators = options.operators;
  }

  /** What a collection would delete. @throws NotAllowedError for whoever is no operator */
  async planCollection(caller: Caller): Promise<CollectionPlan> {
    assertOperates(caller, this.#operators);
    return this.#collector.plan();
  }

  /** @returns how many blobs were deleted. @throws NotAllowedError for whoever is no operator */
  async collect(caller: Caller): Promise<{ deleted: number }> {
    assertOperates(caller, this.#operators);
    return { deleted: await this.#collector.run() };
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
