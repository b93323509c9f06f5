import { NotAllowedError } from '@backstage/errors';
import { FieldError } from './FieldError';
import {
  AssetName,
  formatReference,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** Who asks. */
export interface Caller {
  kind: 'user' | 'service';
  /** Entity reference of a person, or the name of a service. */
  subject: string;
  /** What the caller owns things as: the person and its groups. */
  ownershipEntityRefs: readonly string[];
}

/** The part of an asset that decides who may do what with it. */
export interface Owned extends AssetName {
  owner: string;
  visibility: Visibility;
}

/** Whether the asset is the caller's. */
export function owns(caller: Caller, asset: Pick<Owned, 'owner'>): boolean {
  return caller.ownershipEntityRefs.includes(asset.owner);
}

/**
 * Owners maintain: they edit, push, and move aliases.
 *
 * @throws NotAllowedError that names whom to ask
 */
export function assertMaintains(caller: Caller, asset: Owned): void {
  if (!owns(caller, asset)) {
    throw new NotAllowedError(
      `only ${asset.owner} may change ${formatReference(asset)}, and ${
        caller.subject
      } does not belong to it`,
    );
  }
}

/** Whether the caller is one of the operators, or belongs to one of their groups. */
export function operates(
  caller: Caller,
  operators: readonly string[],
): boolean {
  return operators.some(ref => caller.ownershipEntityRefs.includes(ref));
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
    if (!owns(caller, { owner: asked })) {
      throw new NotAllowedError(
        `${caller.subject} does not belong to ${asked}, and can't create an asset for it`,
      );
    }
    return asked;
  }
  const groups = caller.ownershipEntityRefs.filter(ref =>
    ref.startsWith('group:'),
  );
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
