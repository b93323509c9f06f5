import { NotAllowedError } from '@backstage/errors';
import {
  AssetName,
  AuditCheckpoint,
  AuditLine,
  AuditVerification,
  AuditVerifier,
  Page,
  RecordedAuditEvent,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Caller, operates } from '../model/caller';
import { FieldError } from '../model/FieldError';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { AuditFilter } from './auditPorts';
import type { AuditSealer } from './AuditSealer';
import type { Clock, Repository } from './ports';

const BATCH = 1_000;

/** Shows who changed what, to those who may know, and proves that it is all there. */
export class AuditService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #sealer: AuditSealer;
  readonly #auditors: readonly string[];
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    sealer: AuditSealer;
    /** Entity references of people and groups. */
    auditors: readonly string[];
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#sealer = options.sealer;
    this.#auditors = options.auditors;
    this.#now = options.now;
  }

  /** Whether the caller may see the trail of the whole installation. */
  includes(caller: Caller): boolean {
    return operates(caller, this.#auditors);
  }

  /**
   * Newest first.
   *
   * @throws NotAllowedError for whoever is no auditor
   */
  async list(
    caller: Caller,
    filter: AuditFilter,
    page: { cursor?: string; limit: number },
  ): Promise<Page<RecordedAuditEvent>> {
    this.#assertAudits(caller);
    return this.#page(filter, page);
  }

  /** What happened to an asset and its versions, for whoever may see it; newest first. */
  async ofAsset(
    caller: Caller,
    name: AssetName,
    filter: AuditFilter,
    page: { cursor?: string; limit: number },
  ): Promise<Page<RecordedAuditEvent>> {
    const asset = await this.#assets.find(caller, name);
    const all = { ...filter, assetId: asset.id };
    if (await this.#access.may(caller, 'asset.grant', asset))
      return this.#page(all, page);
    // Who has access, who tried to, and where the bytes go, is for maintainers alone.
    if (filter.outcome === 'denied') return { items: [] };
    return this.#page(
      { ...all, outcome: 'succeeded', without: ['grant.', 'bytes.'] },
      page,
    );
  }

  /**
   * The whole trail, line by line, with what is not sealed yet.
   *
   * @throws NotAllowedError for whoever is no auditor
   */
  async *export(caller: Caller): AsyncIterable<string> {
    this.#assertAudits(caller);
    const until = await this.#signAll();
    const line = (value: AuditLine) => `${JSON.stringify(value)}\n`;
    yield line({
      kind: 'begin',
      format: 'baseasset-audit/1',
      exportedAt: this.#now(),
    });
    let events = 0;
    for await (const entry of this.#walk(until)) {
      if (entry.kind === 'event') {
        const { sequence, hash, sealedAt, content } = entry;
        events++;
        // The text of the event is the very one that the hash is over.
        yield `{"kind":"event","sequence":${sequence},"hash":"${hash}","sealedAt":"${sealedAt}","event":${
          content ?? 'null'
        }}\n`;
      } else if (entry.kind === 'checkpoint') yield line(entry);
      else {
        events++;
        yield `{"kind":"unsealed","event":${entry.content}}\n`;
      }
    }
    yield line({ kind: 'end', events });
  }

  /**
   * Reads the whole trail and says whether it is intact.
   *
   * @throws NotAllowedError for whoever is no auditor
   */
  async verify(caller: Caller): Promise<AuditVerification> {
    this.#assertAudits(caller);
    const until = await this.#signAll();
    const verifier = new AuditVerifier();
    const now = this.#now();
    for await (const entry of this.#walk(until)) {
      if (entry.kind === 'event') verifier.addEvent(entry, entry.content);
      else if (entry.kind === 'checkpoint') verifier.addCheckpoint(entry);
      else verifier.addUnsealed(JSON.parse(entry.content), now);
    }
    return verifier.result();
  }

  /**
   * The newest signature, to be kept elsewhere; everything that stands is sealed before.
   *
   * @throws NotAllowedError for whoever is no auditor
   */
  async checkpoint(caller: Caller): Promise<AuditCheckpoint | undefined> {
    this.#assertAudits(caller);
    await this.#signAll();
    return this.#repository.audit.lastCheckpoint();
  }

  /** Seals and signs all that stands. @returns how far that goes */
  async #signAll(): Promise<number> {
    await this.#sealer.run({ sign: true });
    return (await this.#repository.audit.lastCheckpoint())?.sequence ?? 0;
  }

  /** What is signed, and what is not sealed yet; what is sealed meanwhile has its turn next time. */
  async *#walk(until: number): AsyncIterable<
    | {
        kind: 'event';
        sequence: number;
        hash: AuditCheckpoint['hash'];
        sealedAt: string;
        content?: string;
      }
    | ({ kind: 'checkpoint' } & AuditCheckpoint)
    | { kind: 'unsealed'; content: string }
  > {
    const { audit } = this.#repository;
    let above = 0;
    let signed = 0;
    let checkpoints: AuditCheckpoint[] = [];
    const nextCheckpoint = async () => {
      if (checkpoints.length > 0) return;
      const found = await audit.checkpoints({ above: signed, limit: BATCH });
      checkpoints = found.filter(({ sequence }) => sequence <= until);
      signed = checkpoints.at(-1)?.sequence ?? Infinity;
    };
    for (;;) {
      // What is signed was sealed before: read in this order, nothing seems cut off.
      if (signed !== Infinity) await nextCheckpoint();
      const found = await audit.chain({ above, limit: BATCH });
      const seals = found.filter(({ sequence }) => sequence <= until);
      for (const seal of seals) {
        yield { kind: 'event', ...seal };
        above = seal.sequence;
        while (checkpoints.length > 0 && checkpoints[0].sequence <= above) {
          yield { kind: 'checkpoint', ...checkpoints.shift()! };
          if (signed !== Infinity) await nextCheckpoint();
        }
      }
      if (seals.length === 0) break;
    }
    // Those of a chain that was cut off.
    while (checkpoints.length > 0)
      yield { kind: 'checkpoint', ...checkpoints.shift()! };
    // Whoever puts a row in may number it as they like.
    let row = Number.MIN_SAFE_INTEGER;
    for (;;) {
      const rows = await audit.unsealed({ above: row, limit: BATCH });
      for (const { rowId, content } of rows) {
        yield { kind: 'unsealed', content };
        row = rowId;
      }
      if (rows.length < BATCH) break;
    }
  }

  async #page(
    filter: AuditFilter,
    { cursor, limit }: { cursor?: string; limit: number },
  ): Promise<Page<RecordedAuditEvent>> {
    const before = cursor === undefined ? undefined : Number(cursor);
    if (before !== undefined && !Number.isSafeInteger(before))
      throw new FieldError('cursor', 'it is none that was given out');
    const found = await this.#repository.audit.list({
      filter,
      before,
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    return {
      items: items.map(({ event, seal }) => ({ event, seal })),
      nextCursor:
        found.length > limit ? String(items.at(-1)!.rowId) : undefined,
    };
  }

  #assertAudits(caller: Caller): void {
    if (!this.includes(caller))
      throw new NotAllowedError(
        `only auditors may see the audit trail of everything, and ${caller.subject} is none; the configuration names them under assetManager.auditors`,
      );
  }
}
