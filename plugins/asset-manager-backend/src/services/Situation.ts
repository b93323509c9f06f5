import {
  AssetType,
  AssetTypeTransition,
  Digest,
  digestOf,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { JsonObject } from '@backstage/types';
import canonicalize from 'canonicalize';
import type {
  CheckRecord,
  DecisionRecord,
  TransitionRecord,
  TransitionRequestRecord,
} from './lifecyclePorts';
import type { RunRecord, RunVersionListRecord } from './lineagePorts';
import type { AssetRecord, VersionRecord } from './ports';
import { initialStage, transitionsFrom } from '../model/stages';

/** A version that a run read which made another one. */
export interface InputRecord extends RunVersionListRecord {
  /** Where it stands; absent when its type is not there any more. */
  stage?: string;
  /** Of its last move; 0 when it was never moved. */
  sequence: number;
}

/** How a version came to be, whoever may see it. */
export interface Provenance {
  /** The runs that made it. */
  runs: RunRecord[];
  /** What these read. */
  inputs: InputRecord[];
}

/** All that decides whether a version may go somewhere, as it stood at one moment. */
export interface Situation {
  asset: AssetRecord;
  version: VersionRecord;
  type: AssetType;
  /** The last move of the version. */
  last?: TransitionRecord;
  /** Newest first. */
  checks: CheckRecord[];
  provenance: Provenance;
  request?: TransitionRequestRecord;
  /** On the request, oldest first. */
  decisions: DecisionRecord[];
}

/** Where the version stands. */
export function stageIn({ type, last }: Situation): string {
  return last?.to ?? initialStage(type.spec);
}

/** When it came there. ISO 8601, UTC. */
export function sinceIn({ version, last }: Situation): string {
  return last?.at ?? version.createdAt;
}

export function referenceIn({ asset, version }: Situation): string {
  return formatReference({ ...asset, selector: version.label });
}

/** The way that leads to a stage from where the version stands. */
export function wayIn(
  situation: Situation,
  to: string,
): AssetTypeTransition | undefined {
  return transitionsFrom(situation.type.spec, stageIn(situation)).find(
    way => way.to === to,
  );
}

/**
 * What people say yes to, or no: the version as it is, where it goes from where, and
 * the rules as they are. Whatever of it changes, the digest does.
 */
export function payloadIn(
  { asset, version, type }: Situation,
  request: TransitionRequestRecord,
): Digest {
  return digestOfJson({
    request: request.id,
    asset: asset.uid,
    manifest: version.digest,
    metadata: digestOfJson(version.metadata),
    from: request.from,
    to: request.to,
    sequence: request.sequence,
    reason: request.reason ?? null,
    type: type.name,
    rules: type.digest,
    revision: type.revision,
  });
}

/**
 * Names all that gates may have been judged by: when it is another one in the
 * transaction of a move, they have to be judged again.
 */
export function basisOf(situation: Situation): string {
  const { asset, version, type, last, checks, request, decisions } = situation;
  const { runs, inputs } = situation.provenance;
  return canonicalize({
    asset: [asset.id, asset.revision, asset.type, asset.owner],
    metadata: digestOfJson(version.metadata),
    verification: version.verification,
    deleted: version.deletion !== undefined,
    retracted: version.retraction !== undefined,
    rules: type.digest,
    revision: type.revision,
    sequence: last?.sequence ?? 0,
    check: checks[0]?.id ?? 0,
    runs: runs.map(run => run.id),
    inputs: inputs.map(input => [
      input.runId,
      input.versionId,
      input.type,
      input.stage ?? null,
      input.sequence,
      input.retracted,
      input.deleted,
    ]),
    request: request ? [request.id, request.state] : null,
    decisions: decisions.length,
  })!;
}

/** Of the canonical text (RFC 8785). */
export function digestOfJson(value: JsonObject): Digest {
  return digestOf(canonicalize(value)!);
}
