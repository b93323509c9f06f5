import { NotAllowedError } from '@backstage/errors';
import type {
  Role,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from './FieldError';
import type { Policy } from './policy';

/** A grant as it concerns the one who holds it. */
export interface HeldGrant {
  effect: 'allow' | 'deny';
  role: Role;
  /** Where it holds: the id of an asset, or the name of a namespace or type. */
  scope:
    | { kind: 'everything' }
    | { kind: 'namespace' | 'type'; name: string }
    | { kind: 'asset'; id: number };
  /** ISO 8601, UTC. */
  expiresAt?: string;
}

/** Who asks. */
export interface Caller {
  kind: 'user' | 'service';
  /** Entity reference of a person, or the name of a service. */
  subject: string;
  /** What the caller owns things as: the person, its groups, and those above them. */
  ownershipEntityRefs: readonly string[];
  /** The groups that the caller is a member of itself. */
  groups: readonly string[];
  /** Assets of which visibility the caller may see without a grant. */
  sees: readonly Visibility[];
  /** What was granted and denied to all of these, everywhere. */
  grants: readonly HeldGrant[];
  /** Whether the configuration names the caller as an administrator. */
  administrator: boolean;
  /** The administrator who looks with the eyes of this one. */
  viewedBy?: string;
  /** What the portal's permission policy says, in addition to all that. */
  policy: Policy;
}

/** Whether the asset is the caller's. */
export function owns(caller: Caller, asset: { owner: string }): boolean {
  return caller.ownershipEntityRefs.includes(asset.owner);
}

/** Whether the caller is one of the operators, or belongs to one of their groups. */
export function operates(
  caller: Caller,
  operators: readonly string[],
): boolean {
  // An administrator who looks with the eyes of an operator is none by that.
  return (
    caller.viewedBy === undefined &&
    operators.some(ref => caller.ownershipEntityRefs.includes(ref))
  );
}

/**
 * Operators look after the installation: its stores and what they hold.
 *
 * @param operators - entity references of people and groups
 * @throws NotAllowedError that says where they are named
 */
export function assertOperates(
  caller: Caller,
  operators: readonly string[],
): void {
  if (!operates(caller, operators)) {
    throw new NotAllowedError(
      `only operators may do this, and ${caller.subject} is none; the configuration names them under assetManager.operators`,
    );
  }
}

/**
 * The owner of a new asset.
 *
 * @param asked - what the request says, if anything
 * @throws NotAllowedError when the caller does not belong to the asked owner
 * @throws FieldError when nothing was asked and the caller has no or several groups
 */
export function chooseOwner(caller: Caller, asked: string | undefined): string {
  if (asked !== undefined) {
    if (!owns(caller, { owner: asked }) && !caller.groups.includes(asked)) {
      throw new NotAllowedError(
        `${caller.subject} does not belong to ${asked}, and can't create an asset for it`,
      );
    }
    return asked;
  }
  const groups = caller.groups.filter(ref => ref.startsWith('group:'));
  if (groups.length === 1) return groups[0];
  throw new FieldError(
    'owner',
    groups.length === 0
      ? `${caller.subject} belongs to no group; name the owner`
      : `${caller.subject} belongs to ${groups.join(
          ', ',
        )}; name the one that is to own the asset`,
  );
}
