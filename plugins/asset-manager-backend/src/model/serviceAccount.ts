import type { Caller } from './caller';
import type { Policy } from './policy';

/** Names the account where people and groups are named, too. */
export function principalOf(accountName: string): string {
  return `service:default/${accountName}`;
}

/** The account that a principal is, if it is one. */
export function accountNameOf(principal: string): string | undefined {
  return /^service:default\/([a-z0-9-]+)$/.exec(principal)?.[1];
}

/** What an account is when it asks for something: it has what grants give it. */
export function callerOfAccount(
  account: { name: string; owner: string },
  policy: Policy,
): Caller {
  const subject = principalOf(account.name);
  return {
    kind: 'service',
    subject,
    // It creates for the group that looks after it, and does not act as that group.
    groups: [account.owner],
    ownershipEntityRefs: [subject],
    sees: ['public'],
    administrator: false,
    policy,
  };
}
