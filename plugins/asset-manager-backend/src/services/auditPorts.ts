import type {
  AuditCheckpoint,
  AuditEvent,
  AuditOutcome,
  AuditSeal,
  RecordedAuditEvent,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** What is to be written down; the rest is known from the request. */
export type NewAuditEvent = Omit<
  AuditEvent,
  'id' | 'via' | 'request' | 'outcome'
> & {
  outcome?: AuditOutcome;
  /** The asset that it is about, for those who may see that. */
  assetId?: number;
};

/** Which events are asked for. */
export interface AuditFilter {
  assetId?: number;
  actor?: string;
  /** Begins with it: `version` finds `version.moved`. */
  action?: string;
  /** Begins with none of these. */
  without?: readonly string[];
  outcome?: AuditOutcome;
  /** ISO 8601, inclusive. */
  since?: string;
  /** ISO 8601, exclusive. */
  until?: string;
}

/** An event as it stands, with its row's number. */
export interface StoredAuditEvent {
  rowId: number;
  content: string;
  at: string;
}

export interface AuditStore {
  /** In the transaction of what it is about. */
  append(event: NewAuditEvent): Promise<void>;
  /** Newest first. @param before - the row that the page before ended with */
  list(options: {
    filter: AuditFilter;
    before?: number;
    limit: number;
  }): Promise<(RecordedAuditEvent & { rowId: number })[]>;
  /** The end of the chain, and the newest row that is in it. */
  head(): Promise<(AuditSeal & { newestRow: number }) | undefined>;
  /** Rows above one that are in no chain, oldest first. */
  unsealed(options: {
    above: number;
    limit: number;
  }): Promise<StoredAuditEvent[]>;
  /** @returns false when another process was faster */
  seal(seals: readonly (AuditSeal & { rowId: number })[]): Promise<boolean>;
  lastCheckpoint(): Promise<AuditCheckpoint | undefined>;
  addCheckpoint(checkpoint: AuditCheckpoint): Promise<void>;
  /** Seals above one, in order, with their events as far as these are there. */
  chain(options: {
    above: number;
    limit: number;
  }): Promise<(AuditSeal & { content?: string })[]>;
  /** In order. */
  checkpoints(options: {
    above: number;
    limit: number;
  }): Promise<AuditCheckpoint[]>;
}
