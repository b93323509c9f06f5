import type {
  StorageReport,
  StoreCheck,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assertOperates, Caller } from '../model/caller';
import type { Repository } from './ports';
import type { StoreDoctor } from './StoreDoctor';

/** What those may ask who look after the installation. */
export class OperatorService {
  readonly #repository: Repository;
  readonly #doctor: StoreDoctor;
  readonly #operators: readonly string[];

  constructor(options: {
    repository: Repository;
    doctor: StoreDoctor;
    /** Entity references of people and groups. */
    operators: readonly string[];
  }) {
    this.#repository = options.repository;
    this.#doctor = options.doctor;
    this.#operators = options.operators;
  }

  /** Tries out every store. @throws NotAllowedError for whoever is no operator */
  async examine(caller: Caller): Promise<StoreCheck[]> {
    assertOperates(caller, this.#operators);
    return this.#doctor.examine();
  }

  /** What everything takes. @throws NotAllowedError for whoever is no operator */
  async usage(caller: Caller): Promise<StorageReport> {
    assertOperates(caller, this.#operators);
    return this.#repository.storage.report();
  }
}
