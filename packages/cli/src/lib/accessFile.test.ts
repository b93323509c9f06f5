import { Grant, ROLES } from '@baseasset/backstage-plugin-asset-manager-common';
import { normalPrincipal, planGrants, readAccessFile } from './accessFile';

const read = (scopes: unknown) =>
  readAccessFile(
    { scopes },
    { readScope: text => `asset:${text}`, roles: ROLES },
  );

const standing = (id: string, more: Partial<Grant> = {}): Grant => ({
  id,
  scope: 'asset:a/b',
  role: 'reader',
  effect: 'allow',
  principal: 'group:default/team',
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'user:default/maya',
  ...more,
});

describe('an access file', () => {
  it('says what each scope has', () => {
    expect(
      read({
        'a/b': [
          { role: 'reader', principal: 'team', reason: 'why' },
          { deny: 'contributor', principal: 'user:Otto', until: '2027-01-01' },
        ],
        'a/c': [],
      }),
    ).toEqual([
      {
        scope: 'asset:a/b',
        grants: [
          {
            scope: 'asset:a/b',
            role: 'reader',
            effect: 'allow',
            principal: 'group:default/team',
            reason: 'why',
          },
          {
            scope: 'asset:a/b',
            role: 'contributor',
            effect: 'deny',
            principal: 'user:default/otto',
            expiresAt: '2027-01-01T00:00:00.000Z',
          },
        ],
      },
      { scope: 'asset:a/c', grants: [] },
    ]);
  });

  it.each([
    [undefined, 'has to have scopes'],
    [[], 'has to have scopes'],
    [{ 'a/b': 'x' }, 'a list of grants'],
    [{ 'a/b': null }, 'to end all of them, write []'],
    [{ 'a/b': [{ principal: 'x' }] }, 'role or deny'],
    [{ 'a/b': [{ role: 'boss', principal: 'x' }] }, 'role or deny'],
    [
      { 'a/b': [{ role: 'reader', deny: 'reader', principal: 'x' }] },
      'role or deny',
    ],
    [{ 'a/b': [{ role: 'reader' }] }, "nobody's name"],
    [{ 'a/b': [{ role: 'reader', principal: 'x', who: 'y' }] }, '"who"'],
    [{ 'a/b': [{ role: 'reader', principal: 'x', until: 'soon' }] }, 'no time'],
  ])('refuses %j', (scopes, message) => {
    expect(() => read(scopes)).toThrow(message);
  });

  it.each([
    ['team', 'group:default/team'],
    ['user:otto', 'user:default/otto'],
    ['Group:Other/Team', 'group:other/team'],
    ['service:nightly', 'service:default/nightly'],
  ])('names %s in full', (text, principal) => {
    expect(normalPrincipal(text)).toBe(principal);
  });

  it('creates what lacks, ends what is too much, and leaves the rest', () => {
    const [wanted] = read({
      'a/b': [
        { role: 'reader', principal: 'team' },
        { role: 'maintainer', principal: 'user:maya' },
        { deny: 'contributor', principal: 'user:otto' },
      ],
    });
    const { create, end } = planGrants(wanted, [
      standing('1'),
      standing('2', { role: 'admin' }),
      standing('3', { reason: 'another' }),
      // Of a wider scope.
      standing('4', { scope: 'namespace:a', role: 'admin' }),
    ]);
    expect(create.map(each => [each.effect, each.role])).toEqual([
      ['deny', 'contributor'],
      ['allow', 'maintainer'],
    ]);
    expect(end.map(each => each.id)).toEqual(['2', '3']);
  });
});
