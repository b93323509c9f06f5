import type { JsonObject } from '@backstage/types';
import type {
  CheckStatus,
  Decision,
  Digest,
  GateResult,
  TransitionRequestState,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** A move of a version from one stage to another. */
export interface TransitionRecord {
  /** Grows with each move, of whatever version. */
  id: number;
  assetId: number;
  versionId: number;
  /** Of the version, from 1. */
  sequence: number;
  from: string;
  to: string;
  reason?: string;
  /** Whose rules judged it. */
  type: string;
  typeRevision: number;
  at: string;
  by: string;
  /** The request that it came of. */
  requestId?: string;
  /** What its gates said. */
  gates?: GateResult[];
  decisions?: Decision[];
}

/** How versions have moved from stage to stage; nothing in it is ever changed. */
export interface TransitionStore {
  /**
   * The last move of each of these versions that has been moved.
   *
   * @param until - as it was at that time
   */
  lastOf(
    versionIds: readonly number[],
    until?: string,
  ): Promise<Map<number, TransitionRecord>>;
  /** Newest first, of an asset or of one of its versions. */
  list(options: {
    assetId: number;
    versionId?: number;
    limit?: number;
  }): Promise<TransitionRecord[]>;
  /** The last moves of all versions of an asset that stand where it led, the newest first. */
  standingIn(
    assetId: number,
    stage: string,
    until?: string,
  ): Promise<TransitionRecord[]>;
  /** How many versions of a type stand in each stage that something was moved to. */
  stagesInUse(type: string): Promise<Map<string, number>>;
  /** The versions of a type that a move led to a stage where they stand. */
  allStandingIn(type: string, stage: string): Promise<TransitionRecord[]>;
  /** @returns false when the version has moved meanwhile */
  insert(transition: Omit<TransitionRecord, 'id'>): Promise<boolean>;
}

/** A recorded fact about a version. */
export interface CheckRecord {
  /** Grows with each check, of whatever version. */
  id: number;
  assetId: number;
  versionId: number;
  name: string;
  status: CheckStatus;
  summary?: string;
  evidence?: JsonObject;
  evidenceDigest?: Digest;
  url?: string;
  at: string;
  by: string;
}

/** Nothing in it is ever changed. */
export interface CheckStore {
  /** Newest first. */
  list(versionId: number, limit: number): Promise<CheckRecord[]>;
  insert(check: Omit<CheckRecord, 'id'>): Promise<void>;
}

/** That a version is to move. */
export interface TransitionRequestRecord {
  id: string;
  assetId: number;
  versionId: number;
  from: string;
  to: string;
  /** Of the transition that it would become. */
  sequence: number;
  reason?: string;
  requestedAt: string;
  requestedBy: string;
  state: TransitionRequestState;
  endedAt?: string;
  endedBy?: string;
  /** How it looked when it ended. */
  final?: { gates: GateResult[]; payload: Digest; typeRevision: number };
}

export interface DecisionRecord extends Omit<Decision, 'void'> {
  requestId: string;
  /** What the person belonged to then. */
  memberOf: string[];
}

export interface TransitionRequestStore {
  find(id: string): Promise<TransitionRequestRecord | undefined>;
  openOf(versionId: number): Promise<TransitionRequestRecord | undefined>;
  /** Newest first. */
  list(assetId: number, limit: number): Promise<TransitionRequestRecord[]>;
  /** The open ones of all assets, oldest first. */
  open(limit: number): Promise<TransitionRequestRecord[]>;
  /** The open ones of assets of a type. */
  countOpen(type: string): Promise<number>;
  /** @returns false when the version has an open one already */
  insert(request: TransitionRequestRecord): Promise<boolean>;
  end(
    id: string,
    end: {
      state: Exclude<TransitionRequestState, 'open'>;
      at: string;
      by: string;
      final?: TransitionRequestRecord['final'];
    },
  ): Promise<void>;
  /** Oldest first. */
  decisions(id: string): Promise<DecisionRecord[]>;
  /** @returns false when the person has said yes to this already */
  decide(decision: DecisionRecord): Promise<boolean>;
}
