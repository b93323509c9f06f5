import { ConflictError, NotFoundError } from '@backstage/errors';
import {
  FixityCheck,
  FixityCheckRequest,
  FixityReport,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assertOperates, Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import type { FixityCheckRecord } from './fixityPorts';
import type { Clock, Repository } from './ports';
import type { Stores } from './Stores';

const SHOWN_CHECKS = 20;
const SHOWN_FINDINGS = 1000;

/** Who orders the checks that nobody ordered. */
const ITSELF = 'asset-manager';

/** What an installation checks by itself. */
export interface FixitySchedule {
  enabled: boolean;
  /** Milliseconds. */
  everyMs: number;
  /** Percent of the bytes that each check reads. */
  sample: number;
}

/** Takes orders to check what stands in the stores, and tells what was found. */
export class FixityService {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #operators: readonly string[];
  readonly #schedule: FixitySchedule;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #onQueued: () => void;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    /** Entity references of people and groups. */
    operators: readonly string[];
    schedule: FixitySchedule;
    now: Clock;
    createId: () => string;
    /** Hears of checks that wait for a worker. */
    onQueued: () => void;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#operators = options.operators;
    this.#schedule = options.schedule;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#onQueued = options.onQueued;
  }

  /**
   * @throws NotAllowedError for whoever is no operator
   * @throws ConflictError while a check is under way
   */
  async order(
    caller: Caller,
    request: FixityCheckRequest,
  ): Promise<FixityCheck> {
    assertOperates(caller, this.#operators);
    const { names } = this.#stores;
    const foreign = request.stores?.find(name => !names.includes(name));
    if (foreign !== undefined) {
      throw new FieldError(
        'stores',
        `there is no store '${foreign}'; there are ${names.join(', ')}`,
      );
    }
    const running = await this.#repository.fixity.next();
    if (running) {
      throw new ConflictError(
        `a check is under way since ${running.createdAt}; see how far it is, and order another one afterwards`,
      );
    }
    const check = await this.#insert({
      stores: request.stores ?? names,
      sample: request.sample ?? 0,
      condemnOrphans: request.condemnOrphans ?? false,
      createdBy: caller.subject,
    });
    await this.#repository.audit.append({
      at: this.#now(),
      actor: caller.subject,
      action: 'storage.checked',
      object: 'storage',
      new: { stores: [...check.stores], condemnOrphans: check.condemnOrphans },
    });
    this.#onQueued();
    return present(check, []);
  }

  /** Orders the check that the installation does by itself, when its time has come. */
  async orderDue(): Promise<void> {
    if (!this.#schedule.enabled) return;
    const checks = await this.#repository.fixity.list(SHOWN_CHECKS);
    const last = checks.find(({ createdBy }) => createdBy === ITSELF);
    const due = last && Date.parse(last.createdAt) + this.#schedule.everyMs;
    if (due !== undefined && due > Date.parse(this.#now())) return;
    if (await this.#repository.fixity.next()) return;
    await this.#insert({
      stores: this.#stores.names,
      sample: this.#schedule.sample,
      condemnOrphans: false,
      createdBy: ITSELF,
    });
  }

  /** Newest first. @throws NotAllowedError for whoever is no operator */
  async list(caller: Caller): Promise<FixityCheck[]> {
    assertOperates(caller, this.#operators);
    const { fixity } = this.#repository;
    const checks = await fixity.list(SHOWN_CHECKS);
    const counts = await fixity.counts(checks.map(({ id }) => id));
    return checks.map(check => present(check, counts.get(check.id) ?? []));
  }

  /**
   * @throws NotAllowedError for whoever is no operator
   * @throws NotFoundError when there is no such check, or not any more
   */
  async report(caller: Caller, id: string): Promise<FixityReport> {
    assertOperates(caller, this.#operators);
    const { fixity, assets } = this.#repository;
    const check = await fixity.find(id);
    if (!check) throw new NotFoundError(`there is no check '${id}'`);
    const found = await fixity.findings(id, SHOWN_FINDINGS + 1);
    const names = new Map<number, string>();
    for (const { assetId } of found) {
      if (assetId !== undefined && !names.has(assetId))
        names.set(assetId, formatReference(await assets.byId(assetId)));
    }
    const counts = await fixity.counts([id]);
    return {
      check: present(check, counts.get(id) ?? []),
      findings: found
        .slice(0, SHOWN_FINDINGS)
        .map(({ assetId, ...finding }) => ({
          ...finding,
          ...(assetId !== undefined && { asset: names.get(assetId) }),
        })),
      truncated: found.length > SHOWN_FINDINGS,
    };
  }

  async #insert(
    order: Pick<
      FixityCheckRecord,
      'stores' | 'sample' | 'condemnOrphans' | 'createdBy'
    >,
  ): Promise<FixityCheckRecord> {
    const { fixity, objects } = this.#repository;
    const at = this.#now();
    const check: FixityCheckRecord = {
      id: this.#createId(),
      state: 'queued',
      ...order,
      sampleFrom: nextPart(await fixity.list(SHOWN_CHECKS)),
      phase: 'objects',
      checkedObjects: 0,
      totalObjects: await objects.count(order.stores),
      readBytes: 0,
      createdAt: at,
      updatedAt: at,
    };
    await fixity.insert(check);
    return check;
  }
}

/** Where the last check that read a part of the bytes stopped. */
function nextPart(checks: readonly FixityCheckRecord[]): number {
  const last = checks.find(
    ({ state, sample }) => state === 'done' && sample > 0 && sample < 100,
  );
  return last ? (last.sampleFrom + last.sample / 100) % 1 : 0;
}

function present(
  { sampleFrom: _, position: __, ...check }: FixityCheckRecord,
  found: FixityCheck['found'],
): FixityCheck {
  return { ...check, found };
}
