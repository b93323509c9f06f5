import { NotAllowedError } from '@backstage/errors';
import {
  AccessReason,
  AssetName,
  formatReference,
  Grant,
  includesRole,
  Role,
  ROLES,
  Verb,
  VERB_ROLES,
  verbText,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Caller, owns } from './caller';
import { permits } from './policy';

/** The part of an asset that decides who may do what with it. */
export interface Governed extends AssetName {
  type: string;
  owner: string;
  visibility: Visibility;
}

/** Nothing is owned by nobody, and nobody sees it without a grant. */
export const NOBODYS: Governed = {
  namespace: '',
  name: '',
  type: '',
  owner: '',
  visibility: 'restricted',
};

/** The roles that somebody has at an asset. */
export interface Access {
  roles: ReadonlyMap<Role, readonly AccessReason[]>;
  /** What something gives, and a deny takes away. */
  denied: ReadonlyMap<Role, readonly AccessReason[]>;
  /** Whether the portal's policy permits something, whatever the roles. */
  permits(verb: Verb, operand?: Operand): boolean;
}

/** Verbs that policies may condition on an alias or a stage. */
const NAMED_LATER: readonly Verb[] = [
  'asset.alias.set',
  'asset.transition',
  'asset.approve',
];

const article = (role: Role) => (role.startsWith('a') ? 'an' : 'a');

/** What a verb is done with. */
export interface Operand {
  alias?: string;
  /** The stage that a version is moved to. */
  stage?: string;
}

/**
 * What a caller may do with an asset: what ownership, visibility and grants give,
 * without what a deny takes. Administrators of the configuration can't be denied:
 * somebody has to be left who can end a deny.
 *
 * @param grants - those that hold for the caller and the asset, and have not ended
 */
export function accessTo(
  caller: Caller,
  asset: Governed,
  grants: readonly Grant[],
): Access {
  const given: [Role, AccessReason][] = [];
  if (caller.administrator) given.push(['admin', { kind: 'administrator' }]);
  if (caller.ownershipEntityRefs.includes(asset.owner))
    given.push(['maintainer', { kind: 'owner', owner: asset.owner }]);
  if (caller.sees.includes(asset.visibility))
    given.push([
      'reader',
      { kind: 'visibility', visibility: asset.visibility },
    ]);
  for (const grant of grants)
    if (grant.effect === 'allow')
      given.push([grant.role, { kind: 'grant', grant }]);

  const isSeen = permits(caller.policy, 'asset.read', asset);
  const roles = new Map<Role, AccessReason[]>();
  const denied = new Map<Role, AccessReason[]>();
  for (const role of ROLES) {
    const because = given
      .filter(([source]) => includesRole(source, role))
      .map(([, reason]) => reason);
    if (because.length === 0 || !isSeen) continue;
    const against = grants.filter(
      grant => grant.effect === 'deny' && includesRole(role, grant.role),
    );
    if (against.length === 0 || caller.administrator) roles.set(role, because);
    else
      denied.set(
        role,
        against.map(grant => ({ kind: 'grant', grant })),
      );
  }
  return {
    roles,
    denied,
    permits: (verb, operand) =>
      // Conditions on aliases and stages can't be met before one is named.
      (NAMED_LATER.includes(verb) &&
        operand === undefined &&
        caller.policy[verb] !== false) ||
      permits(caller.policy, verb, { ...asset, ...operand }),
  };
}

export function allows(access: Access, verb: Verb, operand?: Operand): boolean {
  return access.roles.has(VERB_ROLES[verb]) && access.permits(verb, operand);
}

/**
 * Lets a caller do something with an asset that it may see.
 *
 * @throws NotAllowedError that says what it takes, and whom to ask
 */
export function assertAllowed(options: {
  caller: Caller;
  asset: Governed;
  access: Access;
  verb: Verb;
  operand?: Operand;
}): void {
  const { caller, asset, access, verb, operand } = options;
  if (allows(access, verb, operand)) return;
  const role = VERB_ROLES[verb];
  const what = `${caller.subject} may not ${verbText(verb)} ${formatReference(
    asset,
  )}`;
  if (access.roles.has(role)) {
    throw new NotAllowedError(
      `${what}${
        operand === undefined ? '' : ` (${Object.values(operand).join(', ')})`
      }: the permission policy of this portal does not allow it`,
    );
  }
  throw new NotAllowedError(
    access.denied.has(role)
      ? `${what}: being a ${role} is denied`
      : `${what}: that takes ${article(role)} ${role}; ask ${
          role === 'admin' ? 'an administrator' : asset.owner
        }`,
  );
}

/**
 * Lets a caller give an asset to another owner, or let somebody else decide on
 * that: whoever was only made a maintainer could take it away from its owners.
 *
 * @throws NotAllowedError for whoever neither owns it nor is an admin
 */
export function assertMayHandOver(
  caller: Caller,
  asset: Governed,
  access: Access,
): void {
  if (owns(caller, asset) || access.roles.has('admin')) return;
  throw new NotAllowedError(
    `${caller.subject} may not change who owns ${formatReference(
      asset,
    )}: that takes its owner or an admin; ask ${asset.owner}`,
  );
}

/**
 * The roles that a caller may give to others: those it has itself, and as an
 * admin all.
 */
export function grantableRoles(access: Access): Role[] {
  if (access.roles.has('admin')) return [...ROLES];
  if (!allows(access, 'asset.grant')) return [];
  return ROLES.filter(role => role !== 'approver' && access.roles.has(role));
}
