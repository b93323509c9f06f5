import type {
  AuditorService,
  LoggerService,
} from '@backstage/backend-plugin-api';
import {
  AuditEvent,
  AuditSeal,
  chainHash,
  FIRST_HASH,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AuditKey } from './AuditKey';
import type { StoredAuditEvent } from './auditPorts';
import type { Clock, Repository } from './ports';

const BATCH = 500;
/** Rows below the newest sealed one that a slow transaction may still bring. */
const LATE_ROWS = 10_000;
/** How long such a transaction may have taken. */
const LATE_MS = 60_000;
/** Seals between two signatures, and the time after which one is made in any case. */
const SIGNED_EVERY = 1_000;
const SIGNED_EVERY_MS = 60_000;

/**
 * Chains the events of the audit trail in order, signs how far it has come, and tells
 * the portal's auditor. Writers don't wait for it, nor for each other.
 */
export class AuditSealer {
  readonly #repository: Repository;
  readonly #key: AuditKey;
  readonly #now: Clock;
  readonly #auditor: AuditorService;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    key: AuditKey;
    now: Clock;
    auditor: AuditorService;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#key = options.key;
    this.#now = options.now;
    this.#auditor = options.auditor;
    this.#logger = options.logger;
  }

  /**
   * Seals everything that stands, until there is no more.
   *
   * @param options.sign - now, and not only when it is time again
   */
  async run(
    options: { signal?: AbortSignal; sign?: boolean } = {},
  ): Promise<void> {
    while (!options.signal?.aborted)
      if ((await this.#sealBatch()) < BATCH) break;
    await this.#sign(options.sign ?? false);
  }

  async #sealBatch(): Promise<number> {
    const { audit } = this.#repository;
    const head = await audit.head();
    const newest = head?.newestRow ?? 0;
    const found = await audit.unsealed({
      above: newest - LATE_ROWS,
      limit: BATCH,
    });
    const now = this.#now();
    const events = found.filter(
      event =>
        event.rowId > newest ||
        // Whatever is older and comes only now was put in by somebody.
        Math.abs(Date.parse(now) - Date.parse(event.at)) < LATE_MS,
    );
    if (events.length === 0) return 0;
    let sequence = head?.sequence ?? 0;
    let hash = head?.hash ?? FIRST_HASH;
    const seals: (AuditSeal & { rowId: number })[] = [];
    for (const { rowId, content } of events) {
      sequence++;
      hash = chainHash(sequence, hash, content);
      seals.push({ sequence, hash, sealedAt: now, rowId });
    }
    if (!(await audit.seal(seals))) return 0;
    for (const event of events) await this.#tell(event);
    return events.length;
  }

  async #sign(now: boolean): Promise<void> {
    const { audit } = this.#repository;
    const head = await audit.head();
    if (!head) return;
    const last = await audit.lastCheckpoint();
    if (last?.sequence === head.sequence) return;
    const at = this.#now();
    const isDue =
      now ||
      !last ||
      head.sequence - last.sequence >= SIGNED_EVERY ||
      Date.parse(at) - Date.parse(last.at) >= SIGNED_EVERY_MS;
    if (isDue)
      await audit.addCheckpoint(
        this.#key.sign({ sequence: head.sequence, hash: head.hash, at }),
      );
  }

  /** For whoever collects the audit logs of the whole portal. */
  async #tell({ content }: StoredAuditEvent): Promise<void> {
    const event = JSON.parse(content) as AuditEvent;
    try {
      const told = await this.#auditor.createEvent({
        eventId: event.action.replaceAll('.', '-').toLowerCase(),
        severityLevel: 'medium',
        meta: JSON.parse(content),
      });
      if (event.outcome === 'denied')
        await told.fail({ error: new Error(event.reason ?? 'denied') });
      else await told.success();
    } catch (error) {
      this.#logger.warn(
        `the portal's auditor could not be told of ${event.id}`,
        error as Error,
      );
    }
  }
}
