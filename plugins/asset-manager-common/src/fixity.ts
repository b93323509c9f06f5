import type { Digest } from './digest';

/**
 * What a fixity check is to do.
 *
 * @public
 */
export interface FixityCheckRequest {
  /** The stores to look at; all when left out. */
  stores?: string[];
  /**
   * How many percent of the bytes are read and hashed, from 0 to 100. The next
   * check reads on where this one stops, so that ten checks of 10 read all. 0
   * when left out: then it is only asked whether the bytes stand there.
   */
  sample?: number;
  /**
   * Whether orphans of this installation's assets are to be deleted, after the
   * grace. Only told of when left out.
   */
  condemnOrphans?: boolean;
}

/** @public */
export type FixityProblem =
  /** Bytes that should stand in a store are not there. */
  | 'missing'
  /** Other bytes stand there than their digest says. */
  | 'damaged'
  /** Nothing in the database refers to what stands there. */
  | 'orphan'
  /** A row refers to bytes that no version needs. */
  | 'unneeded';

/** @public */
export type FixityOutcome =
  /** Made whole from another copy. */
  | 'healed'
  /** There is no other copy: whoever pushes the files again mends them. */
  | 'lost'
  /** Deleted after the grace. */
  | 'condemned'
  /** Nothing was done. */
  | 'told';

/**
 * What a fixity check found in one place.
 *
 * @public
 */
export interface FixityFinding {
  store: string;
  key: string;
  problem: FixityProblem;
  outcome: FixityOutcome;
  /** Of the blob or the page of a manifest; absent for orphans. */
  digest?: Digest;
  /** Bytes. */
  size?: number;
  /** Reference of an asset that it belongs to; absent when none is known. */
  asset?: string;
}

/**
 * A run that looks whether everything stands where it should, and is what it
 * should be.
 *
 * @public
 */
export interface FixityCheck {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  stores: string[];
  sample: number;
  condemnOrphans: boolean;
  /** What it is doing, or did last. */
  phase: 'objects' | 'pages' | 'orphans' | 'rows';
  /** Objects in stores that were looked for. */
  checkedObjects: number;
  /** As far as it was known when the check began. */
  totalObjects: number;
  /** Bytes that were read and hashed. */
  readBytes: number;
  /** How often what was found, and what became of it. */
  found: {
    problem: FixityProblem;
    outcome: FixityOutcome;
    count: number;
    bytes: number;
  }[];
  error?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Entity reference, or `asset-manager` for the one that the installation does by itself. */
  createdBy: string;
  updatedAt: string;
}

/**
 * A check with what it found.
 *
 * @public
 */
export interface FixityReport {
  check: FixityCheck;
  findings: FixityFinding[];
  /** Whether it found more than these. */
  truncated: boolean;
}
