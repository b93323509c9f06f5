import type { JsonObject } from '@backstage/types';
import type { Role } from './access';
import type { Digest } from './digest';
import type { Visibility } from './visibility';

/**
 * The names of the types that every installation has unless its configuration takes
 * one away.
 *
 * @public
 */
export const SHIPPED_ASSET_TYPES: readonly string[] = [
  'ml-model',
  'reference-genome',
  'sequence-set',
  'dataset',
  'generic',
];

/**
 * A state in the life of a version.
 *
 * @public
 */
export interface AssetTypeStage {
  /** Names the newest version in it, too: no label or alias may repeat one. */
  name: string;
  title?: string;
  description?: string;
  /** Whether new versions begin here; one stage does. */
  initial?: boolean;
  /** Whether nothing leads out of it. */
  final?: boolean;
  /** Whether only one version of an asset may stand in it at a time. */
  single?: boolean;
  /** Fields of the metadata without which no version enters it, nor any stage that every way to leads through it. */
  requires?: string[];
  /** Whether the metadata of versions can't be changed in it. */
  frozen?: boolean;
  /** What is said to whoever uses a version that stands in it. */
  banner?: string;
  /** Who may download a version that stands in it; readers when left out. */
  downloads?: Role;
}

/**
 * What a gate does that is not passed: keep the version where it stands, warn, or
 * only be written down.
 *
 * @public
 */
export type GateMode = 'enforce' | 'warn' | 'audit';

/** @public */
export const GATE_MODES: readonly GateMode[] = ['enforce', 'warn', 'audit'];

/**
 * What has to be so before a version may take a way. Besides these a gate has the
 * options of its kind, as a check has its `maxAge`.
 *
 * @public
 */
export interface GateRule extends JsonObject {
  /** Of the gates of one way. */
  name: string;
  /** `metadata`, `check`, `approvals`, `inputs`, `wait`, `cel`, or one that a module adds. */
  kind: string;
  /** `enforce` when left out. */
  mode?: GateMode;
  /** What people are told when it is not passed. */
  message?: string;
  /** Who may let a version pass without it; nobody when left out. */
  waiver?: Role;
}

/**
 * What is done when a version has taken a way: an alias points to it from then on, or
 * people are told.
 *
 * @public
 */
export type AssetTypeAction =
  | { kind: 'alias'; alias: string }
  /** Entity references of people and groups. */
  | { kind: 'notify'; to: string[] };

/**
 * A way from stages to another one.
 *
 * @public
 */
export interface AssetTypeTransition {
  from: string[];
  to: string;
  /** Who may take it; a maintainer when left out. */
  role?: Role;
  /** Whether it has to be said why; `optional` when left out. */
  reason?: 'required' | 'optional';
  /** What has to be so before; a version may go at once when left out. */
  gates?: GateRule[];
  /** What is done with the version when it has moved, in the same moment. */
  actions?: AssetTypeAction[];
}

/**
 * The rules for all assets of a type.
 *
 * @public
 */
export interface AssetTypeSpec {
  /** Who sees a new asset when nothing else is said; `internal` when left out. */
  visibility?: Visibility;
  /** Aliases that take a maintainer to be set; `*` stands for any text. */
  protectedAliases?: string[];
  /** What the metadata of a version has to be: a JSON Schema, draft 2020-12. */
  metadata?: JsonObject;
  /** In the order of a life. */
  stages: AssetTypeStage[];
  /** Everything that leads from stage to stage; nothing else does. */
  transitions?: AssetTypeTransition[];
  /** Whether other rules are published by somebody else than who drafted them. */
  fourEyes?: boolean;
  /** With which viewers the portal opens files; the first that fits. */
  viewers?: {
    /** Paths in the version; `*` stands for any text. */
    files: string;
    /** Id of a viewer. */
    viewer: string;
  }[];
  /** Whether retracted versions can be downloaded, with a warning; they can when left out. */
  retracted?: 'warn' | 'refuse';
  /** For how long versions have to be kept. */
  retention?: {
    /** As `12h`, `90d` or `520w`. */
    keep: string;
    /** From when on: the push, or the last move; the push when left out. */
    since?: 'push' | 'move';
  };
}

/**
 * An asset type as a document, which people write in YAML and keep in Git.
 *
 * @public
 */
export interface AssetTypeDocument {
  apiVersion: 'baseasset.io/v1alpha1';
  kind: 'AssetType';
  metadata: {
    /** What `spec.type` of an asset says, e.g. `ml-model`. */
    name: string;
    title?: string;
    description?: string;
  };
  spec: AssetTypeSpec;
}

/**
 * Who says what a type is: the product, the configuration of the portal, or people.
 *
 * @public
 */
export type AssetTypeSource = 'shipped' | 'configuration' | 'people';

/**
 * One of the texts that a type has had; they are never changed.
 *
 * @public
 */
export interface AssetTypeRevision {
  /** Counts up from 1. */
  revision: number;
  /** Of the canonical text of the document (RFC 8785). */
  digest: Digest;
  source: AssetTypeSource;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** Why it was changed. */
  reason?: string;
  /** Who wrote what somebody else published. */
  draftedBy?: string;
}

/**
 * An asset type with its newest rules.
 *
 * @public
 */
export interface AssetType extends AssetTypeRevision {
  name: string;
  /** What people read, e.g. `Machine learning model`. */
  title: string;
  description?: string;
  spec: AssetTypeSpec;
}

/**
 * An asset type as it is shown by itself.
 *
 * @public
 */
export interface AssetTypeDetail extends AssetType {
  /** As somebody wrote it, in YAML or JSON. */
  document: string;
  /** Whether the caller may apply another one. */
  mayChange: boolean;
}

/**
 * Something in a document that keeps it from being used.
 *
 * @public
 */
export interface AssetTypeProblem {
  /** Where, as a JSON pointer (RFC 6901); empty for the document itself. */
  path: string;
  /** Where in the text, counted from 1. */
  line?: number;
  message: string;
}

/**
 * What was found in a document.
 *
 * @public
 */
export interface LintedAssetType {
  problems: AssetTypeProblem[];
  /** What it says; absent when there are problems. */
  spec?: AssetTypeSpec;
}

/** @public */
export interface ApplyAssetTypeRequest {
  /** The document as YAML or JSON. */
  document: string;
  reason?: string;
  /** The revision that it was made from; refused when there is a newer one. */
  expected?: number;
  /** Where versions go whose stage is not there any more, by the name of that stage. */
  stages?: Record<string, string>;
}

/**
 * What a document would change for the versions that there are.
 *
 * @public
 */
export interface SimulatedRules {
  /** Versions that were looked at. */
  versions: number;
  /** Why it can't be applied as things stand, whatever else; absent when it can. */
  refusal?: string;
  /** Stages that versions stand in, and that would be gone. */
  stages: { stage: string; versions: number }[];
  /** Open requests, whose approvals would be void. */
  requests: number;
  /** What versions would not meet any more that they met when they came where they stand. */
  failures: {
    /** e.g. `gate accuracy of staging → validation`. */
    what: string;
    versions: number;
    /** References of some of them. */
    examples: string[];
    /** What is wrong with the first of them. */
    message: string;
  }[];
}

/**
 * Other rules for a type, which hold when they are published.
 *
 * @public
 */
export interface AssetTypeDraft {
  /** Of the type. */
  name: string;
  /** The revision that it was made from; 0 for a type that is new. */
  base: number;
  /** Of the canonical text of the document (RFC 8785). */
  digest: Digest;
  /** The document as YAML or JSON. */
  document: string;
  reason?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** Why the caller may not publish it; absent when the caller may. */
  refusal?: string;
  /** Whose draft it took the place of, where it was just saved; absent when there was none. */
  replaced?: { by: string; at: string };
}

/** @public */
export interface PublishDraftRequest {
  /** Of the draft, as the caller saw it; refused when it is another one by now. */
  digest: Digest;
  /** Where versions go whose stage is not there any more, by the name of that stage. */
  stages?: Record<string, string>;
}

/** @public */
export interface AppliedAssetType {
  /** `unchanged` when it says what the newest revision says. */
  state: 'created' | 'changed' | 'unchanged';
  type: AssetType;
}
