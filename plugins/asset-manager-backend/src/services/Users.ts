import type { Caller } from '../model/caller';
import { PERMISSIVE } from '../model/policy';
import type { MembershipDirectory } from './MembershipDirectory';

/** The people of the portal, as callers. */
export class Users {
  readonly #memberships: MembershipDirectory;
  readonly #administrators: readonly string[];

  constructor(options: {
    memberships: MembershipDirectory;
    /** Entity references of people and groups. */
    administrators: readonly string[];
  }) {
    this.#memberships = options.memberships;
    this.#administrators = options.administrators;
  }

  /**
   * What a person is when it asks for something, but for what the portal's policy
   * says: that can only be asked with its own credentials.
   *
   * @param options.fresh - whether its groups are asked for anew
   */
  async callerOf(
    userRef: string,
    options: { fresh?: boolean } = {},
  ): Promise<Caller> {
    const { groups, all } = await this.#memberships.of(userRef, options);
    const refs = [userRef, ...all];
    return {
      kind: 'user',
      subject: userRef,
      groups,
      ownershipEntityRefs: refs,
      sees: ['public', 'internal'],
      policy: PERMISSIVE,
      administrator: this.#administrators.some(ref => refs.includes(ref)),
    };
  }
}
