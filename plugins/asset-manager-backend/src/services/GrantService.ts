import {
  ASSET_VERBS,
  AccessExplanation,
  AccessReason,
  AssetAccess,
  AssetName,
  CreateGrantRequest,
  formatScope,
  Grant,
  GrantScope,
  parseScope,
  Role,
  VERB_ROLES,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { NotAllowedError, NotFoundError } from '@backstage/errors';
import {
  Access,
  accessTo,
  allows,
  grantableRoles,
  NOBODYS,
} from '../model/access';
import { Caller, owns } from '../model/caller';
import { FieldError, inField } from '../model/FieldError';
import type { AccessDecider } from './AccessDecider';
import {
  AssetNotFoundError,
  AssetService,
  readEntityRef,
} from './AssetService';
import type { Callers } from './Callers';
import type { GrantRecord } from './accessPorts';
import type { AssetRecord, Clock, Repository } from './ports';

/** An account that gave roles or approved would do so for nobody. */
const FOR_SERVICES: readonly Role[] = ['reader', 'contributor', 'maintainer'];

/** Gives roles to people and groups, takes them away, and says who has which and why. */
export class GrantService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #decider: AccessDecider;
  readonly #callers: Callers;
  readonly #now: Clock;
  readonly #createId: () => string;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    decider: AccessDecider;
    callers: Callers;
    now: Clock;
    createId: () => string;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#decider = options.decider;
    this.#callers = options.callers;
    this.#now = options.now;
    this.#createId = options.createId;
  }

  /**
   * Who has access to an asset.
   *
   * @throws NotAllowedError for whoever may not give access to it
   */
  async ofAsset(caller: Caller, name: AssetName): Promise<AssetAccess> {
    const asset = await this.#assets.findFor(caller, 'asset.grant', name);
    const grants = await this.#repository.grants.at(
      placeOf(asset),
      this.#now(),
    );
    return {
      owner: asset.owner,
      visibility: asset.visibility,
      grants: grants.map(present),
      grantable: grantableRoles(await this.#decider.of(caller, asset)),
    };
  }

  /**
   * The grants of a namespace, a type, or everything, with those that hold there
   * because they were given for more.
   *
   * @throws NotAllowedError for whoever may not give access there
   */
  async ofScope(caller: Caller, scope: string): Promise<Grant[]> {
    const target = await this.#target(caller, scope);
    if (grantableRoles(target.access).length === 0) {
      throw new NotAllowedError(
        `${caller.subject} may not see who has access to ${scope}`,
      );
    }
    const grants = await this.#repository.grants.at(target.place, this.#now());
    return grants.map(present);
  }

  /**
   * Gives a role, or denies it.
   *
   * @param along what is written in the same transaction; when it throws,
   *   nobody is given anything
   * @throws NotAllowedError when the caller lacks the role, or may not give any
   * @throws FieldError when there is no such person or group, or its time is over already
   */
  async create(
    caller: Caller,
    request: CreateGrantRequest,
    along?: (repository: Repository) => Promise<void>,
  ): Promise<Grant> {
    const { role, effect = 'allow', reason } = request;
    const principal = readEntityRef('principal', request.principal, 'group');
    if (principal.startsWith('service:') && !FOR_SERVICES.includes(role)) {
      throw new FieldError(
        'role',
        `a service account can be ${FOR_SERVICES.join(', ')}, and not ${role}`,
      );
    }
    const expiresAt = request.expiresAt && this.#readEnd(request.expiresAt);
    const target = await this.#target(caller, request.scope);
    this.#assertMayGrant(caller, target, { role, effect });
    await this.#callers.assertExists(principal);
    const at = this.#now();
    const grant: Grant = {
      id: this.#createId(),
      effect,
      role,
      principal,
      scope: formatScope(target.scope),
      expiresAt,
      reason,
      createdAt: at,
      createdBy: caller.subject,
    };
    await this.#repository.transaction(async repository => {
      await along?.(repository);
      await repository.grants.insert(grant, target.scope, target.asset?.id);
      await repository.audit.append({
        at,
        actor: caller.subject,
        action: 'grant.created',
        object: grant.scope,
        assetId: target.asset?.id,
        new: describe(grant),
        reason,
      });
    });
    this.#callers.grantsChanged();
    return grant;
  }

  /**
   * Ends a grant: whoever may give a role may take it away.
   *
   * @throws NotFoundError when there is none that the caller may end
   */
  async end(caller: Caller, id: string): Promise<void> {
    const grant = await this.#repository.grants.find(id, this.#now());
    const none = () => new NotFoundError(`there is no grant ${id} in force`);
    if (!grant) throw none();
    const target = await this.#target(caller, grant.scope).catch(error => {
      if (error instanceof AssetNotFoundError) throw none();
      throw error;
    });
    // The asset of this name may be another one by now.
    if (grant.assetId !== target.asset?.id) throw none();
    if (grantableRoles(target.access).length === 0) throw none();
    this.#assertMayGrant(caller, target, grant);
    const at = this.#now();
    await this.#repository.transaction(async repository => {
      await repository.grants.end(id, at, caller.subject);
      await repository.audit.append({
        at,
        actor: caller.subject,
        action: 'grant.ended',
        object: grant.scope,
        assetId: grant.assetId,
        old: describe(grant),
      });
    });
    this.#callers.grantsChanged();
  }

  /**
   * Why somebody may do what with an asset, or not. Everybody may ask for
   * themselves, and those who may give access for others.
   */
  async explain(
    caller: Caller,
    name: AssetName,
    asked: string | undefined,
  ): Promise<AccessExplanation> {
    const principal =
      asked === undefined
        ? caller.subject
        : readEntityRef('principal', asked, 'user');
    const isSelf = principal === caller.subject;
    const asset = isSelf
      ? await this.#assets.find(caller, name)
      : await this.#assets.findFor(caller, 'asset.grant', name);
    const who = isSelf ? caller : await this.#callers.ofPrincipal(principal);
    const access = await this.#decider.of(who, asset);
    const listed = (roles: ReadonlyMap<Role, readonly AccessReason[]>) =>
      [...roles].map(([role, because]) => ({
        role,
        because: because.map(presentReason),
      }));
    return {
      principal,
      memberOf: who.ownershipEntityRefs.filter(ref => ref !== principal),
      roles: listed(access.roles),
      denied: listed(access.denied),
      verbs: ASSET_VERBS.map(verb => ({
        verb,
        role: VERB_ROLES[verb],
        allowed: allows(access, verb),
      })),
    };
  }

  /** What a scope is, and what the caller may do there. */
  async #target(caller: Caller, text: string): Promise<Target> {
    const scope = inField('scope', () => parseScope(text));
    if (scope.kind === 'asset') {
      const asset = await this.#assets.find(caller, scope);
      return {
        scope: { kind: 'asset', namespace: asset.namespace, name: asset.name },
        place: placeOf(asset),
        asset,
        access: await this.#decider.of(caller, asset),
      };
    }
    const place =
      scope.kind === 'everything' ? {} : { [scope.kind]: scope.name };
    const grants = await this.#repository.grants.at(
      place,
      this.#now(),
      caller.ownershipEntityRefs,
    );
    return { scope, place, access: accessTo(caller, NOBODYS, grants) };
  }

  #assertMayGrant(
    caller: Caller,
    { scope, access, asset }: Target,
    { role, effect }: Pick<Grant, 'role' | 'effect'>,
  ): void {
    const grantable = grantableRoles(access);
    const where = formatScope(scope);
    if (!grantable.includes(role)) {
      throw new NotAllowedError(
        grantable.length === 0
          ? `${caller.subject} may not give anybody access to ${where}`
          : `${
              caller.subject
            } may not give the role ${role} at ${where}, only ${grantable.join(
              ', ',
            )}`,
      );
    }
    // Otherwise somebody who was made a maintainer could lock the owners out.
    if (
      effect === 'deny' &&
      !access.roles.has('admin') &&
      !(asset && owns(caller, asset))
    ) {
      throw new NotAllowedError(
        `only an admin of ${where}, or its owner, may deny a role there`,
      );
    }
  }

  #readEnd(text: string): string {
    const end = Date.parse(text);
    if (Number.isNaN(end))
      throw new FieldError('expiresAt', 'it has to be a time, in ISO 8601');
    const normal = new Date(end).toISOString();
    if (normal <= this.#now())
      throw new FieldError('expiresAt', `${normal} is over already`);
    return normal;
  }
}

interface Target {
  scope: GrantScope;
  place: { assetId?: number; namespace?: string; type?: string };
  access: Access;
  asset?: AssetRecord;
}

function placeOf({ id, namespace, type }: AssetRecord) {
  return { assetId: id, namespace, type };
}

function present({ assetId: _, ...grant }: GrantRecord): Grant {
  return grant;
}

/** For the audit trail. */
function describe({ id, effect, role, principal, expiresAt }: Grant) {
  return { grant: id, effect, role, principal, expiresAt };
}

function presentReason(reason: AccessReason): AccessReason {
  return reason.kind === 'grant'
    ? { kind: 'grant', grant: present(reason.grant) }
    : reason;
}
