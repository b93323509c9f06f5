import type { JsonObject } from '@backstage/types';
import type { Role } from './access';
import type { GateMode } from './assetType';
import type { Digest } from './digest';

/**
 * `waiting` when time, a check or people can make it pass, `waived` when somebody
 * let the version pass without it.
 *
 * @public
 */
export type GateState = 'passed' | 'waiting' | 'failed' | 'waived';

/**
 * What a gate says of a version.
 *
 * @public
 */
export interface GateResult {
  name: string;
  kind: string;
  mode: GateMode;
  state: GateState;
  /** Why, or what it waits for. */
  message: string;
  /** What it was judged by. */
  evidence?: JsonObject;
  /** Who may let a version pass without it. */
  waiver?: Role;
}

/**
 * Whether a version may go: every gate that is enforced is passed or waived.
 *
 * @public
 */
export function mayPass(gates: readonly GateResult[]): boolean {
  return gates.every(
    ({ mode, state }) =>
      mode !== 'enforce' || state === 'passed' || state === 'waived',
  );
}

/**
 * Where a version stands in its life.
 *
 * @public
 */
export interface VersionStage {
  /** Absent when the type of the asset is not there any more. */
  stage?: string;
  /** ISO 8601, UTC. */
  since?: string;
  /** Where it could go from here. */
  transitions: {
    to: string;
    role: Role;
    reason: 'required' | 'optional';
    /** Whether the caller may ask for it. */
    allowed: boolean;
    gates: GateResult[];
  }[];
  /** The one that is open. */
  request?: TransitionRequest;
  /**
   * What it would not meet today of what led it here: the rules have changed since, and
   * it keeps its stage.
   */
  drift: GateResult[];
}

/** @public */
export interface MoveRequest {
  /** The stage that the version is to stand in. */
  to: string;
  reason?: string;
  /** The stage that the caller saw it in; refused when it stands elsewhere. */
  expected?: string;
}

/**
 * What comes of asking for a transition: it is made at once when nothing is in the
 * way, and waits for its gates otherwise.
 *
 * @public
 */
export type MoveResult =
  | { state: 'moved'; move: StageMove }
  | { state: 'open'; request: TransitionRequest };

/**
 * `overtaken` when the version was moved by another one.
 *
 * @public
 */
export type TransitionRequestState =
  | 'open'
  | 'moved'
  | 'rejected'
  | 'withdrawn'
  | 'overtaken';

/**
 * A person's yes or no to a transition, or to let it pass without a gate.
 *
 * @public
 */
export interface Decision {
  decision: 'approve' | 'reject' | 'waive';
  /** Entity reference. */
  by: string;
  /** ISO 8601, UTC. */
  at: string;
  /** The gate that it is for; absent for a no. */
  gate?: string;
  /** What the person says by it. */
  meaning: string;
  comment?: string;
  /** What it was given for. */
  payload: Digest;
  /** Why it does not count any more, or does not count. */
  void?: string;
}

/**
 * That a version is to move to another stage, with what stands in its way.
 *
 * @public
 */
export interface TransitionRequest {
  id: string;
  namespace: string;
  name: string;
  /** Of the version. */
  label: string;
  digest: Digest;
  from: string;
  to: string;
  reason?: string;
  state: TransitionRequestState;
  /** ISO 8601, UTC. */
  requestedAt: string;
  requestedBy: string;
  /**
   * Digest of what people say yes to: the version's content and metadata, where it
   * stands, where it goes, and the revision of the rules, as canonical JSON.
   */
  payload: Digest;
  type: string;
  /** Of the rules, as they are now for one that is open. */
  typeRevision: number;
  gates: GateResult[];
  decisions: Decision[];
  /** Why it can't go on as things stand, whatever its gates say. */
  blocked?: string;
  /** What the caller may do. */
  mine: {
    /** Gates that the caller may say yes to, with what that means. */
    approve: { gate: string; meaning: string }[];
    /** Gates that the caller may waive. */
    waive: string[];
    reject: boolean;
    withdraw: boolean;
  };
  /** ISO 8601, UTC: when it was moved, rejected, withdrawn or overtaken. */
  endedAt?: string;
  endedBy?: string;
}

/** @public */
export interface DecideRequest {
  decision: Decision['decision'];
  /** `payload` of the request, as the person saw it; refused when it is another one by now. */
  payload: Digest;
  /** The first that the person may say yes to when left out; needed to waive. */
  gate?: string;
  /** What the person says by it. The gate's own when left out, for a yes. */
  meaning?: string;
  /** Needed to reject and to waive. */
  comment?: string;
}

/** @public */
export type CheckStatus = 'passed' | 'failed';

/**
 * A recorded fact about a version; gates read it. A later one of the same name has
 * its place, and the former stays.
 *
 * @public
 */
export interface Check {
  /** e.g. `accuracy`. */
  name: string;
  status: CheckStatus;
  summary?: string;
  /** The report that it rests on. */
  evidence?: JsonObject;
  /** Of the canonical text of the evidence (RFC 8785). */
  evidenceDigest?: Digest;
  /** Where more is to be read. */
  url?: string;
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  /** Of the version. */
  label: string;
  digest: Digest;
}

/** @public */
export type RecordCheckRequest = Pick<Check, 'name' | 'status'> &
  Partial<Pick<Check, 'summary' | 'evidence' | 'url'>>;

/**
 * That a version was moved from one stage to another.
 *
 * @public
 */
export interface StageMove {
  /** Of the version. */
  label: string;
  digest: Digest;
  from: string;
  to: string;
  reason?: string;
  /** The type and the revision of its rules that judged it. */
  type: string;
  typeRevision: number;
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  /** What its gates said when it was made. */
  gates?: GateResult[];
  /** Who said yes, and who waived what. */
  decisions?: Decision[];
}
