import type { Verb } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Access,
  accessTo,
  allows,
  assertAllowed,
  assertMayHandOver,
  Governed,
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
