/** Names the account where people and groups are named, too. */
export function principalOf(accountName: string): string {
  return `service:default/${accountName}`;
}

/** The account that a principal is, if it is one. */
export function accountNameOf(principal: string): string | undefined {
  return /^service:default\/([a-z0-9-]+)$/.exec(principal)?.[1];
}
