import type { Role } from './access';
import type { Digest } from './digest';

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
    /** Whether the caller may take it. */
    allowed: boolean;
  }[];
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
}
