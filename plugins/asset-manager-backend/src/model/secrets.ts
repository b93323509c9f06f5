import type { JsonObject, JsonValue } from '@backstage/types';

/** Words of which any makes a name one of a secret. */
const WORDS = new Set([
  ...['password', 'passwords', 'passwd', 'passphrase', 'pass', 'pwd'],
  ...['secret', 'secrets', 'token', 'credential', 'credentials'],
  ...['authorization', 'bearer', 'pat', 'apikey', 'signature', 'sig'],
]);
/** What comes before `key` where that is a secret. */
const KEYS = new Set(['api', 'access', 'private', 'ssh', 'secret', 'auth']);
const LEFT_OUT = '(left out)';
/** How deep a document goes at most. */
const DEEPEST = 32;

/** Whether a name is one of a secret, word by word: `HF_TOKEN` is, `max_tokens` is not. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some(
    (word, index) =>
      WORDS.has(word) ||
      (word === 'key' && index > 0 && KEYS.has(words[index - 1])),
  );
}

/**
 * What looks like a secret by its name is left out, and names and passwords in
 * addresses are.
 *
 * @param dropped - gets the names of what was
 * @throws RangeError when it goes too deep
 */
export function withoutSecrets(
  value: JsonObject,
  dropped: Set<string>,
  path = '',
  depth = 0,
): JsonObject {
  if (depth > DEEPEST)
    throw new RangeError(`it goes deeper than ${DEEPEST} levels`);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (isSecretName(name)) {
        dropped.add(`${path}${name}`);
        return [name, LEFT_OUT];
      }
      return [name, inside(each, dropped, `${path}${name}.`, depth + 1)];
    }),
  );
}

function inside(
  value: JsonValue | undefined,
  dropped: Set<string>,
  path: string,
  depth: number,
): JsonValue | undefined {
  if (depth > DEEPEST)
    throw new RangeError(`it goes deeper than ${DEEPEST} levels`);
  if (typeof value === 'string') return withoutCredentials(value, dropped);
  if (Array.isArray(value))
    return value.map(each => inside(each, dropped, path, depth + 1) ?? null);
  return typeof value === 'object' && value !== null
    ? withoutSecrets(value, dropped, path, depth)
    : value;
}

/** The same for the arguments of a program: `--token X`, `--token=X`, `TOKEN=X`, `X-Api-Key: X`. */
export function commandWithoutSecrets(
  command: readonly string[],
  dropped: Set<string>,
): string[] {
  let isValue = false;
  return command.map(argument => {
    if (isValue && !argument.startsWith('-')) {
      isValue = false;
      return LEFT_OUT;
    }
    isValue = false;
    const [, name, between] = /^(-{0,2}[\w.-]+)(=|:\s)?/s.exec(argument) ?? [];
    if (name === undefined || !isSecretName(name) || /^--?no-/.test(name))
      return withoutCredentials(argument, dropped);
    if (between !== undefined) {
      dropped.add(name);
      return `${name}${between}${LEFT_OUT}`;
    }
    if (!name.startsWith('-') || name !== argument)
      return withoutCredentials(argument, dropped);
    dropped.add(name);
    isValue = true;
    return argument;
  });
}

/** A text without the names, passwords and secret parameters of the addresses in it. */
export function withoutCredentials(text: string, dropped: Set<string>): string {
  return text.replace(
    /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#'"]*@)?([^\s?#'"]*)(\?[^\s#'"]*)?/gi,
    (whole, scheme, user = '', rest, query = '') => {
      // `ssh://git@host` names a user that is no secret.
      const keepsUser = user === '' || user === 'git@';
      if (!keepsUser) dropped.add('the credentials of an address');
      const kept = query.replace(
        /([?&])([^=&]+)=([^&]*)/g,
        (parameter: string, mark: string, name: string) => {
          if (!isSecretName(name)) return parameter;
          dropped.add(`${name} of an address`);
          return `${mark}${name}=${LEFT_OUT}`;
        },
      );
      return keepsUser && kept === query
        ? whole
        : `${scheme}${keepsUser ? user : ''}${rest}${kept}`;
    },
  );
}
