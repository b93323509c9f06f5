import { InputError } from '@backstage/errors';
import { parseReference } from './reference';
import { namespaceProblem } from './names';

/**
 * What a grant makes of somebody. Each of reader, contributor, maintainer and
 * admin may do all that those before it may; an approver reads and approves, and
 * no other role brings that with it.
 *
 * @public
 */
export type Role =
  | 'reader'
  | 'contributor'
  | 'maintainer'
  | 'approver'
  | 'admin';

/** @public */
export const ROLES: readonly Role[] = [
  'reader',
  'contributor',
  'maintainer',
  'approver',
  'admin',
];

/** The roles that each one brings with it, itself among them. */
const INCLUDES: Record<Role, readonly Role[]> = {
  reader: ['reader'],
  contributor: ['reader', 'contributor'],
  maintainer: ['reader', 'contributor', 'maintainer'],
  approver: ['reader', 'approver'],
  admin: ['reader', 'contributor', 'maintainer', 'admin'],
};

/** @public */
export function includesRole(role: Role, other: Role): boolean {
  return INCLUDES[role].includes(other);
}

/**
 * What can be done with an asset, and the role that it takes.
 *
 * @public
 */
export const VERB_ROLES = {
  'asset.read': 'reader',
  'asset.download': 'reader',
  'asset.create': 'contributor',
  'asset.version.create': 'contributor',
  'asset.alias.set': 'contributor',
  'asset.transition': 'contributor',
  'asset.check': 'contributor',
  'asset.approve': 'approver',
  'asset.update': 'maintainer',
  'asset.retract': 'maintainer',
  'asset.hold': 'admin',
  'asset.delete': 'maintainer',
  'asset.move': 'maintainer',
  'asset.grant': 'maintainer',
  'asset.type.update': 'admin',
} as const satisfies Record<string, Role>;

/** @public */
export type Verb = keyof typeof VERB_ROLES;

/** @public */
export const VERBS = Object.keys(VERB_ROLES) as readonly Verb[];

/**
 * The verbs for an asset that stands; the others are for one that is about to be
 * created, and for its type.
 *
 * @public
 */
export const ASSET_VERBS: readonly Verb[] = VERBS.filter(
  verb => !['asset.create', 'asset.type.update'].includes(verb),
);

/** What each verb is called where people read it. */
const VERB_TEXTS: Record<Verb, string> = {
  'asset.read': 'see',
  'asset.download': 'download',
  'asset.create': 'create',
  'asset.version.create': 'push to',
  'asset.alias.set': 'set aliases of',
  'asset.transition': 'promote',
  'asset.check': 'record checks of',
  'asset.approve': 'approve transitions of',
  'asset.update': 'edit',
  'asset.retract': 'retract versions of',
  'asset.hold': 'place a hold on',
  'asset.delete': 'delete',
  'asset.move': 'move or copy',
  'asset.grant': 'give access to',
  'asset.type.update': 'change the rules of',
};

/**
 * A verb as a sentence has it: "may push to genomes/lambda".
 *
 * @public
 */
export function verbText(verb: Verb): string {
  return VERB_TEXTS[verb];
}

/**
 * What a grant holds for: one asset, all of a namespace or of a type, or all.
 *
 * @public
 */
export type GrantScope =
  | { kind: 'asset'; namespace: string; name: string }
  | { kind: 'namespace' | 'type'; name: string }
  | { kind: 'everything' };

/**
 * `everything`, `type:ml-model`, `namespace:genomes` or `asset:genomes/lambda`.
 *
 * @throws InputError that says how scopes are written
 * @public
 */
export function parseScope(text: string): GrantScope {
  if (text === 'everything') return { kind: 'everything' };
  const [, kind, rest] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  if (kind === 'asset') {
    const { namespace, name, selector } = parseReference(rest);
    if (selector === undefined) return { kind, namespace, name };
  }
  if ((kind === 'namespace' || kind === 'type') && !namespaceProblem(rest))
    return { kind, name: rest };
  throw new InputError(
    `${JSON.stringify(
      text,
    )} is no scope; write everything, type:ml-model, namespace:genomes or asset:genomes/lambda`,
  );
}

/** @public */
export function formatScope(scope: GrantScope): string {
  if (scope.kind === 'everything') return scope.kind;
  if (scope.kind === 'asset') return `asset:${scope.namespace}/${scope.name}`;
  return `${scope.kind}:${scope.name}`;
}

/**
 * That somebody has a role, or must not have it: then neither roles that bring
 * it with them. A deny wins over everything that allows.
 *
 * @public
 */
export interface Grant {
  id: string;
  effect: 'allow' | 'deny';
  role: Role;
  /** Entity reference of a user or group. */
  principal: string;
  /** As `formatScope` writes it. */
  scope: string;
  /** ISO 8601, UTC: it ends by itself then. */
  expiresAt?: string;
  reason?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
}

/** @public */
export type CreateGrantRequest = Pick<Grant, 'principal' | 'role' | 'scope'> &
  Partial<Pick<Grant, 'effect' | 'expiresAt' | 'reason'>>;

/**
 * Why somebody has a role, or lost it.
 *
 * @public
 */
export type AccessReason =
  | { kind: 'owner'; owner: string }
  | { kind: 'visibility'; visibility: string }
  | { kind: 'administrator' }
  | { kind: 'grant'; grant: Grant };

/**
 * What somebody may do with an asset, and why.
 *
 * @public
 */
export interface AccessExplanation {
  /** Entity reference. */
  principal: string;
  /** What the principal owns things as: itself and its groups, those above them too. */
  memberOf: string[];
  roles: { role: Role; because: AccessReason[] }[];
  /** Roles that something gives and a deny takes away. */
  denied: { role: Role; because: AccessReason[] }[];
  verbs: { verb: Verb; allowed: boolean; role: Role }[];
}

/**
 * Who has access to an asset besides its owner.
 *
 * @public
 */
export interface AssetAccess {
  owner: string;
  visibility: string;
  /** Grants of the asset, and of its namespace, its type and everything. */
  grants: Grant[];
  /** Roles that the caller may grant here. */
  grantable: Role[];
}

/**
 * That somebody asks for a role at an asset. It says nothing of whether there is
 * such an asset.
 *
 * @public
 */
export interface AccessRequest {
  id: string;
  namespace: string;
  name: string;
  /** Entity reference of the person. */
  requester: string;
  role: Role;
  /** How long the grant is to last. */
  days: number;
  reason: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** After 30 days nobody answers any more. */
  state: 'open' | 'granted' | 'declined' | 'withdrawn' | 'ended';
  /** ISO 8601, UTC. */
  decidedAt?: string;
  decidedBy?: string;
  /** What whoever decided wrote. */
  answer?: string;
}

/** @public */
export interface CreateAccessRequest {
  namespace: string;
  name: string;
  /** Left out: reader. */
  role?: 'reader' | 'contributor';
  /** Left out: 30; 366 at most. */
  days?: number;
  reason: string;
}

/** @public */
export interface DecideAccessRequest {
  granted: boolean;
  /** How long the grant lasts; as asked when left out. */
  days?: number;
  answer?: string;
}
