import type { JsonObject } from '@backstage/types';
import type { Digest } from './digest';
import type { AssetName } from './reference';

/**
 * How it is known that a run read or made a version: somebody said so, or the tool
 * that ran it opened the version itself and says which one it was.
 *
 * @public
 */
export type LineageConfidence = 'declared' | 'captured';

/** @public */
export type RunState = 'completed' | 'failed';

/**
 * The code that ran.
 *
 * @public
 */
export interface RunCode {
  /** Address of the repository, without credentials. */
  repository?: string;
  /** Of the repository, in full. */
  commit?: string;
  /** Whether files differed from the commit. */
  dirty?: boolean;
  /** The file that was run. */
  entrypoint?: string;
}

/**
 * A version that a run read or made.
 *
 * @public
 */
export interface RunVersion extends AssetName {
  /** Type of the asset. */
  type: string;
  /** Of the version. */
  label: string;
  digest: Digest;
  /** What it was to the run, e.g. `train` or `reference`. */
  role?: string;
  confidence: LineageConfidence;
}

/**
 * One execution that read and made versions; what is recorded is never changed.
 *
 * @public
 */
export interface Run {
  id: string;
  /** The definition that it is a run of, e.g. `basecaller/train`. */
  job?: string;
  state: RunState;
  /** ISO 8601, UTC. */
  startedAt?: string;
  endedAt?: string;
  /** When the portal heard of it. ISO 8601, UTC. */
  recordedAt: string;
  /** Entity reference of who told the portal of it. */
  recordedBy: string;
  /** The person for whom a service account ran it, by its own word. */
  onBehalfOf?: string;
  /** As it was typed: the program and its arguments. */
  command?: string[];
  code?: RunCode;
  /** e.g. versions of packages, the image of a container. */
  environment?: JsonObject;
  parameters?: JsonObject;
  metrics?: JsonObject;
  /** Names of what was left out since it looks like a secret. */
  dropped?: string[];
  /** Those that the reader may see. */
  inputs: RunVersion[];
  /** Those that the reader may see. */
  outputs: RunVersion[];
}

/** @public */
export interface RecordedVersion {
  /** `namespace/name@label` or `namespace/name@sha256:…`: what names one version for ever. */
  ref: string;
  role?: string;
  /** `declared` when left out. */
  confidence?: LineageConfidence;
}

/** @public */
export interface RecordRunRequest
  extends Partial<
    Pick<
      Run,
      | 'id'
      | 'job'
      | 'state'
      | 'startedAt'
      | 'endedAt'
      | 'onBehalfOf'
      | 'command'
      | 'code'
      | 'environment'
      | 'parameters'
      | 'metrics'
    >
  > {
  inputs: RecordedVersion[];
  outputs: RecordedVersion[];
}

/** @public */
export type LineageDirection = 'upstream' | 'downstream';

/**
 * A version in the graph.
 *
 * @public
 */
export interface LineageVersion extends AssetName {
  /** Names the version within the answer. */
  id: string;
  type: string;
  label: string;
  digest: Digest;
  /** Where it stands; absent when its type is not there any more. */
  stage?: string;
  retracted: boolean;
  deleted: boolean;
  /** Steps from the version that was asked for: 0 for itself, negative upstream. */
  distance: number;
}

/** @public */
export interface LineageEdge {
  /** Id of the run. */
  run: string;
  /** `id` of the version. */
  version: string;
  direction: 'input' | 'output';
  role?: string;
  confidence: LineageConfidence;
}

/**
 * What a version was made of, and what was made of it, as far as the reader may see it.
 *
 * @public
 */
export interface Lineage {
  /** `id` of the version that was asked for. */
  root: string;
  versions: LineageVersion[];
  runs: Omit<Run, 'inputs' | 'outputs'>[];
  edges: LineageEdge[];
  /** Whether there is more than was looked at: deeper, or too many. */
  truncated: boolean;
}
