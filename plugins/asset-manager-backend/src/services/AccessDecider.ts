import {
  formatReference,
  Role,
  Verb,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { NotAllowedError } from '@backstage/errors';
import {
  Access,
  accessTo,
  allows,
  assertAllowed,
  assertMayHandOver,
  Governed,
  NOBODYS,
  Operand,
} from '../model/access';
import type { Caller } from '../model/caller';
import type { GrantStore } from './accessPorts';
import type { Clock, Repository } from './ports';

/** An asset that stands, or one that somebody is about to create. */
type Subject = Governed & { id?: number };

/** Says what callers may do with assets. */
export class AccessDecider {
  readonly #grants: GrantStore;
  readonly #now: Clock;

  constructor(options: { repository: Repository; now: Clock }) {
    this.#grants = options.repository.grants;
    this.#now = options.now;
  }

  /** @param repository - the transaction that the answer has to hold in */
  async of(
    caller: Caller,
    asset: Subject,
    repository?: Repository,
  ): Promise<Access> {
    const grants = await (repository?.grants ?? this.#grants).at(
      { assetId: asset.id, namespace: asset.namespace, type: asset.type },
      this.#now(),
      caller.ownershipEntityRefs,
    );
    return accessTo(caller, asset, grants);
  }

  async may(
    caller: Caller,
    verb: Verb,
    asset: Subject,
    repository?: Repository,
  ): Promise<boolean> {
    return allows(await this.of(caller, asset, repository), verb);
  }

  /** Whether a caller may change the rules of a type. */
  async mayOfType(caller: Caller, type: string): Promise<boolean> {
    const place = { ...NOBODYS, type };
    const grants = await this.#grants.at(
      { type },
      this.#now(),
      caller.ownershipEntityRefs,
    );
    return allows(accessTo(caller, place, grants), 'asset.type.update');
  }

  /** @throws NotAllowedError for whoever may not change the rules of a type */
  async demandOfType(caller: Caller, type: string): Promise<void> {
    if (!(await this.mayOfType(caller, type))) {
      throw new NotAllowedError(
        `${caller.subject} may not change the rules of the type ${type}: that takes an admin of type:${type}`,
      );
    }
  }

  /**
   * Lets a caller set or remove an alias, which its type may protect.
   *
   * @throws NotAllowedError that says what it takes
   */
  async demandAlias(options: {
    caller: Caller;
    asset: Subject;
    repository: Repository;
    alias: string;
    isProtected: boolean;
  }): Promise<void> {
    const { caller, asset, repository, alias, isProtected } = options;
    const access = await this.of(caller, asset, repository);
    const operand = { alias };
    assertAllowed({ caller, asset, access, verb: 'asset.alias.set', operand });
    if (isProtected && !access.roles.has('maintainer')) {
      throw new NotAllowedError(
        `${caller.subject} may not set '${alias}': the type ${asset.type} protects it, and that takes a maintainer; ask ${asset.owner}`,
      );
    }
  }

  /**
   * Lets a caller move a version to another stage.
   *
   * @param options.role - what the type asks for
   * @throws NotAllowedError that says what it takes
   */
  async demandTransition(options: {
    caller: Caller;
    asset: Subject;
    repository: Repository;
    role: Role;
    stage: string;
  }): Promise<void> {
    const { caller, asset, repository, role, stage } = options;
    const access = await this.of(caller, asset, repository);
    const what = `${caller.subject} may not move a version of ${formatReference(
      asset,
    )} to '${stage}'`;
    if (!access.roles.has(role)) {
      throw new NotAllowedError(
        access.denied.has(role)
          ? `${what}: being a ${role} is denied`
          : `${what}: that takes the role ${role}; ask ${asset.owner}`,
      );
    }
    if (!access.permits('asset.transition', { stage })) {
      throw new NotAllowedError(
        `${what}: the permission policy of this portal does not allow it`,
      );
    }
  }

  /** @throws NotAllowedError for whoever neither owns the asset nor is an admin */
  async demandHandOver(caller: Caller, asset: Subject): Promise<void> {
    assertMayHandOver(caller, asset, await this.of(caller, asset));
  }

  /** @throws NotAllowedError that says what it takes, for whoever may see the asset */
  async demand(
    caller: Caller,
    verb: Verb,
    asset: Subject,
    repository?: Repository,
    operand?: Operand,
  ): Promise<void> {
    const access = await this.of(caller, asset, repository);
    assertAllowed({ caller, asset, access, verb, operand });
  }
}
