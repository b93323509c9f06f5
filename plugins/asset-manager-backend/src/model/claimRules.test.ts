import { claimRulesProblem, unmetClaim } from './claimRules';

describe('unmetClaim', () => {
  it.each([
    ['refs/heads/main', 'refs/heads/main', true],
    ['refs/heads/main', 'refs/heads/mainly', false],
    ['refs/heads/*', 'refs/heads/', true],
    ['refs/heads/*', 'xrefs/heads/main', false],
    ['*/main', 'refs/heads/main', true],
    ['repo:*:ref:*/main', 'repo:acme/models:ref:refs/heads/main', true],
    ['repo:*:ref:*/main', 'repo:acme/models:main', false],
    // The two ends may not share a character.
    ['aba*aba', 'ababa', false],
    ['a*b*b', 'ab', false],
    ['a*b*b', 'abb', true],
    // Nothing but the star is special.
    ['a.c', 'abc', false],
    ['[a-z]+', 'abc', false],
  ])('compares %s with %s', (pattern, text, isMet) => {
    expect(unmetClaim({ ref: pattern }, { ref: text })).toBe(
      isMet ? undefined : 'ref',
    );
  });

  it('takes one of a list, and numbers and booleans by their text', () => {
    const claims = { groups: ['a', 'b'], run: 7, protected: true };
    expect(
      unmetClaim({ groups: 'b', run: '7', protected: 'true' }, claims),
    ).toBe(undefined);
    expect(unmetClaim({ groups: 'c' }, claims)).toBe('groups');
    expect(unmetClaim({ protected: 'false' }, claims)).toBe('protected');
  });

  it('takes nothing that a token does not say itself', () => {
    expect(unmetClaim({ ref: '*' }, {})).toBe('ref');
    expect(unmetClaim({ constructor: '*' }, {})).toBe('constructor');
    expect(unmetClaim({ toString: '*' }, {})).toBe('toString');
    expect(unmetClaim({ ref: '*' }, { ref: null })).toBe('ref');
  });

  it('answers soon, whatever the pattern', () => {
    const began = performance.now();
    const pattern = 'a*'.repeat(250);
    unmetClaim({ ref: `${pattern}b` }, { ref: 'a'.repeat(16_000) });
    expect(performance.now() - began).toBeLessThan(200);
  });
});

describe('claimRulesProblem', () => {
  it('wants something that not every token says', () => {
    expect(claimRulesProblem({ sub: 'job-*' })).toBeUndefined();
    const tooWide: Record<string, string>[] = [
      {},
      { sub: '*' },
      { sub: '' },
      { a: '*', b: '**' },
    ];
    for (const rules of tooWide) expect(claimRulesProblem(rules)).toBeDefined();
    expect(claimRulesProblem({ sub: 'x'.repeat(501) })).toBeDefined();
  });
});
