import type { Repository } from './ports';

/** Those behind an account: whoever made a token of it, or lets another issuer's stand for it. */
export async function handlersOf(
  repository: Repository,
  account: string,
): Promise<Set<string>> {
  const [tokens, federations] = await Promise.all([
    repository.serviceAccounts.tokens(account),
    repository.federations.list(account),
  ]);
  return new Set([...tokens, ...federations].map(each => each.createdBy));
}
