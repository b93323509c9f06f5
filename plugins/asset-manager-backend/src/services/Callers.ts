import type { Visibility } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import { PERMISSIVE } from '../model/policy';
import { accountNameOf, principalOf } from '../model/serviceAccount';
import type { MembershipDirectory } from './MembershipDirectory';
import type { OwnerDirectory } from './OwnerDirectory';
import type { Clock, Repository } from './ports';
import { SharedAnswers } from './SharedAnswers';

const NO_PRINCIPAL = 'it has to be a user, a group or a service account';

/** A service of the portal, or with a token of its configuration, and what it acts as. */
export interface ConfiguredService {
  subject: string;
  /** Entity references. */
  groups: string[];
  /** Assets of which visibility it sees without a grant. */
  sees: Visibility[];
}

/**
 * What people, groups and accounts are when they ask for something, but for what the
 * portal's policy says: that can only be asked with their own credentials.
 */
export class Callers {
  readonly #repository: Repository;
  readonly #memberships: MembershipDirectory;
  readonly #owners: OwnerDirectory;
  readonly #administrators: readonly string[];
  readonly #now: Clock;
  readonly #people = new SharedAnswers<Caller>();

  constructor(options: {
    repository: Repository;
    memberships: MembershipDirectory;
    owners: OwnerDirectory;
    /** Entity references of people and groups. */
    administrators: readonly string[];
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#memberships = options.memberships;
    this.#owners = options.owners;
    this.#administrators = options.administrators;
    this.#now = options.now;
  }

  /**
   * @param options.fresh - asked anew; otherwise groups and grants may be as they
   *   were some seconds ago
   */
  ofUser(userRef: string, options: { fresh?: boolean } = {}): Promise<Caller> {
    return this.#people.get(userRef, () => this.#lookUp(userRef), options);
  }

  /** Forgets what people hold, so that a grant made here is felt at once. */
  grantsChanged(): void {
    this.#people.clear();
  }

  ofAccount(account: { name: string; owner: string }): Promise<Caller> {
    const subject = principalOf(account.name);
    return this.#holding({
      kind: 'service',
      subject,
      // It creates for the group that looks after it, and does not act as that group.
      groups: [account.owner],
      ownershipEntityRefs: [subject],
      sees: ['public'],
      administrator: false,
    });
  }

  ofService(service: ConfiguredService): Promise<Caller> {
    return this.#holding({
      kind: 'service',
      subject: service.subject,
      groups: service.groups,
      ownershipEntityRefs: service.groups,
      sees: service.sees,
      administrator: false,
    });
  }

  /**
   * Anybody that a grant can name; a group is a member of it and of nothing else.
   *
   * @param options.fresh - people are asked for anew unless it is false
   * @throws FieldError when there is no such principal
   */
  async ofPrincipal(
    principal: string,
    options: { fresh: boolean } = { fresh: true },
  ): Promise<Caller> {
    const accountName = accountNameOf(principal);
    const account =
      accountName !== undefined &&
      (await this.#repository.serviceAccounts.find(accountName));
    if (account) return this.ofAccount(account);
    await this.assertExists(principal);
    if (principal.startsWith('user:')) return this.ofUser(principal, options);
    if (!principal.startsWith('group:'))
      throw new FieldError('principal', NO_PRINCIPAL);
    return this.#holding({
      kind: 'user',
      subject: principal,
      groups: [principal],
      ownershipEntityRefs: [principal],
      sees: ['public', 'internal'],
      administrator: false,
    });
  }

  /**
   * Somebody who could act now, were they to ask.
   *
   * @throws FieldError when there is no such principal, or the account is disabled
   */
  async ofActor(
    principal: string,
    options?: { fresh: boolean },
  ): Promise<Caller> {
    const name = accountNameOf(principal);
    const account =
      name === undefined
        ? undefined
        : await this.#repository.serviceAccounts.find(name);
    if (account?.disabledAt !== undefined)
      throw new FieldError('principal', `${principal} is disabled`);
    return this.ofPrincipal(principal, options);
  }

  /** @throws FieldError when nobody of this name can be given anything */
  async assertExists(principal: string): Promise<void> {
    if (!/^(user|group|service):/.test(principal))
      throw new FieldError('principal', NO_PRINCIPAL);
    const accountName = accountNameOf(principal);
    const exists =
      accountName === undefined
        ? await this.#owners.has(principal)
        : await this.#repository.serviceAccounts.find(accountName);
    if (!exists)
      throw new FieldError(
        'principal',
        accountName === undefined
          ? `there is no ${principal} in the catalog`
          : `there is no service account ${accountName}`,
      );
  }

  async #lookUp(userRef: string): Promise<Caller> {
    const { groups, all } = await this.#memberships.of(userRef);
    const refs = [userRef, ...all];
    return this.#holding({
      kind: 'user',
      subject: userRef,
      groups,
      ownershipEntityRefs: refs,
      sees: ['public', 'internal'],
      administrator: this.#administrators.some(ref => refs.includes(ref)),
    });
  }

  async #holding(caller: Omit<Caller, 'grants' | 'policy'>): Promise<Caller> {
    const grants = await this.#repository.grants.heldBy(
      caller.ownershipEntityRefs,
      this.#now(),
    );
    return { ...caller, grants, policy: PERMISSIVE };
  }
}
