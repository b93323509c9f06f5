import type { JsonObject } from '@backstage/types';
import type {
  CheckStatus,
  GateState,
  LineageConfidence,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** A recorded fact about the version, of whatever name; see `GateFacts`. @public */
export interface CheckFact {
  name: string;
  status: CheckStatus;
  summary?: string;
  evidence?: JsonObject;
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  /** What whoever recorded it belongs to now: entity references, itself among them. */
  memberOf: readonly string[];
}

/** A version that a run read which made the version; see `GateFacts`. @public */
export interface InputFact {
  namespace: string;
  name: string;
  /** Of the asset. */
  type: string;
  label: string;
  digest: string;
  /** What it was to the run; empty when nobody said. */
  role: string;
  confidence: LineageConfidence;
  /** Where it stands now; empty when its type is not there any more. */
  stage: string;
  retracted: boolean;
  deleted: boolean;
  /** Entity reference of who recorded the run. */
  recordedBy: string;
  /** What whoever recorded it belongs to now: entity references, itself among them. */
  memberOf: readonly string[];
}

/** A person's yes that is for what the version and the rules are now. @public */
export interface ApprovalFact {
  /** Entity reference. */
  by: string;
  gate: string;
  /** What the person belongs to now: entity references, itself among them. */
  memberOf: readonly string[];
  /** What the person is at the asset now. */
  roles: readonly Role[];
  /** Why this person's yes can't count, as for whoever pushed the version. */
  barred?: string;
}

/**
 * All that a gate may know: plain data, as it stood at one moment.
 *
 * @public
 */
export interface GateFacts {
  asset: {
    namespace: string;
    name: string;
    type: string;
    owner: string;
    visibility: string;
    tags: readonly string[];
  };
  version: {
    label: string;
    digest: string;
    /** Bytes. */
    size: number;
    fileCount: number;
    metadata: JsonObject;
    message?: string;
    /** Whether its bytes were read where they stand, and are what they ought to be. */
    verified: boolean;
    createdAt: string;
    createdBy: string;
  };
  /** The JSON Schema of the type for metadata, if it has one. */
  metadataSchema?: JsonObject;
  from: string;
  to: string;
  /** When the version came to where it stands. ISO 8601, UTC. */
  since: string;
  /** The open request; absent when nobody has asked yet. */
  request?: { at: string; by: string };
  /** Newest first. */
  checks: readonly CheckFact[];
  /**
   * What the runs read that made the version, as far as it was recorded. Not all who
   * may see the version may see these: no message names or counts them.
   */
  inputs: readonly InputFact[];
  /** Those for this gate. */
  approvals: readonly ApprovalFact[];
  /** ISO 8601, UTC. */
  now: string;
}

/** @public */
export interface GateOutcome {
  state: Exclude<GateState, 'waived'>;
  /** Why, or what it waits for: half a sentence without a full stop. */
  message: string;
  /** What it was judged by; it is kept with the transition. */
  evidence?: JsonObject;
}

/**
 * A kind of gate: what its rules look like, and how it judges.
 *
 * @public
 */
export interface GateKind {
  /** What the options of a rule have to be: properties of a JSON Schema, draft 2020-12. */
  options: { properties: JsonObject; required?: readonly string[] };
  /** What else is wrong with the options of a rule; undefined when nothing is. */
  problem?(options: JsonObject): string | undefined;
  /**
   * Judges a version. The version does not pass when it throws.
   *
   * @param options - those that `options` and `problem` let through
   */
  judge(
    options: JsonObject,
    facts: GateFacts,
  ): GateOutcome | Promise<GateOutcome>;
}
