import { matchesPattern } from '@baseasset/backstage-plugin-asset-manager-common';

/** What a signed token says, by RFC 7519. */
export type Claims = Readonly<Record<string, unknown>>;

const LONGEST_PATTERN = 500;
const MOST_CLAIMS = 20;

/**
 * What is wrong with rules over claims, if anything. Rules that any token of an
 * issuer meets would let in everybody who can get one there, which with a public
 * CI system is the world.
 *
 * @param rules - a pattern for each claim, where `*` stands for any text
 */
export function claimRulesProblem(
  rules: Readonly<Record<string, string>>,
): string | undefined {
  const entries = Object.entries(rules);
  if (entries.length === 0) return 'they have to name a claim';
  if (entries.length > MOST_CLAIMS)
    return `they name more than ${MOST_CLAIMS} claims`;
  for (const [claim, pattern] of entries) {
    if (pattern.length > LONGEST_PATTERN)
      return `${claim} is longer than ${LONGEST_PATTERN} characters`;
  }
  if (entries.every(([, pattern]) => !/[^*]/.test(pattern)))
    return 'every token would meet them; name what one of the claims has to be';
  return undefined;
}

/**
 * The first claim that does not meet its rule.
 *
 * @returns undefined when all rules are met
 */
export function unmetClaim(
  rules: Readonly<Record<string, string>>,
  claims: Claims,
): string | undefined {
  return Object.keys(rules).find(claim => {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    // Of a list, one has to meet it: so it is with groups and audiences.
    const values = Array.isArray(value) ? value : [value];
    return !values.some(
      each =>
        ['string', 'number', 'boolean'].includes(typeof each) &&
        matchesPattern(rules[claim], String(each)),
    );
  });
}
