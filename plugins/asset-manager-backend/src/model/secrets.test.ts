import {
  commandWithoutSecrets,
  isSecretName,
  withoutCredentials,
  withoutSecrets,
} from './secrets';

describe('secrets', () => {
  it.each([
    ...['HF_TOKEN', 'githubPat', 'GITHUB_PAT', 'SSH_KEY', 'apiKey', 'api-key'],
    ...['auth.pass', 'dbPassword', 'X-Api-Key', 'Authorization', 'secretKey'],
  ])('%s is the name of one', name => expect(isSecretName(name)).toBe(true));

  it.each([
    ...['tokenizer', 'max_tokens', 'nTokens', 'secretary', 'key', 'keys'],
    ...['pattern', 'passes', 'primary_key', 'lr', 'design'],
  ])('%s is not', name => expect(isSecretName(name)).toBe(false));

  it('leave a command, with what belongs to them', () => {
    const dropped = new Set<string>();
    const command = [
      ...['train', '--token', 'k1', '--api-key=k2', 'HF_TOKEN=k3'],
      ...['-H', 'X-Api-Key: k4', '--no-token', 'data.csv'],
      ...['--token', '--verbose', '--max-tokens', '512', 'tokens.txt'],
      ...['https://me:k5@host/x?token=k6&page=2', 'ssh://git@host/x'],
    ];
    const left = commandWithoutSecrets(command, dropped);
    expect(left.join(' ')).not.toMatch(/k\d/);
    for (const kept of [
      ...['data.csv', '--verbose', '512', 'tokens.txt', 'ssh://git@host/x'],
    ])
      expect(left).toContain(kept);
    expect(left.at(-2)).toBe('https://host/x?token=(left out)&page=2');
    expect(dropped).toContain('--api-key');
  });

  it('leave values that are addresses', () => {
    const dropped = new Set<string>();
    const kept = withoutSecrets(
      { url: 'postgres://u:k1@db/x', list: [{ password: 'k2' }], lr: 1 },
      dropped,
    );
    expect(kept).toEqual({
      url: 'postgres://db/x',
      list: [{ password: '(left out)' }],
      lr: 1,
    });
    expect([...dropped]).toEqual([
      'the credentials of an address',
      'list.password',
    ]);
    expect(withoutCredentials('no address: a@b', dropped)).toBe(
      'no address: a@b',
    );
  });

  it('are not looked for without end', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`);
    expect(() => withoutSecrets(deep, new Set())).toThrow('deeper than 32');
  });
});
