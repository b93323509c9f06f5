import type { JsonObject, JsonValue } from '@backstage/types';

/** Names of what nobody wants to have written down. */
const SECRET =
  /pass(word|wd|phrase)|secret|token|credential|api[-_]?key|private[-_]?key|access[-_]?key|authorization/i;
const LEFT_OUT = '(left out)';

/**
 * What looks like a secret by its name is left out.
 *
 * @param dropped - gets the names of what was
 */
export function withoutSecrets(
  value: JsonObject,
  dropped: Set<string>,
  path = '',
): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (SECRET.test(name)) {
        dropped.add(`${path}${name}`);
        return [name, LEFT_OUT];
      }
      return [name, inside(each, dropped, `${path}${name}.`)];
    }),
  );
}

function inside(
  value: JsonValue | undefined,
  dropped: Set<string>,
  path: string,
): JsonValue | undefined {
  if (Array.isArray(value))
    return value.map(each => inside(each, dropped, path) ?? null);
  return typeof value === 'object' && value !== null
    ? withoutSecrets(value, dropped, path)
    : value;
}

/** The same for the arguments of a program: `--token X`, `--token=X`, `TOKEN=X`. */
export function commandWithoutSecrets(
  command: readonly string[],
  dropped: Set<string>,
): string[] {
  let isValue = false;
  return command.map(argument => {
    if (isValue) {
      isValue = false;
      return LEFT_OUT;
    }
    const [, name, value] = /^(-{0,2}[\w.-]+)(=.*)?$/s.exec(argument) ?? [];
    if (name === undefined || !SECRET.test(name)) return argument;
    if (value !== undefined) {
      dropped.add(name);
      return `${name}=${LEFT_OUT}`;
    }
    if (!name.startsWith('-')) return argument;
    dropped.add(name);
    isValue = true;
    return argument;
  });
}

/** An address without the name and the password in it. */
export function withoutCredentials(
  address: string,
  dropped: Set<string>,
): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@(.*)$/is.exec(address);
  // `ssh://git@host` names a user that is no secret.
  if (!match || match[2] === 'git') return address;
  dropped.add('the credentials of the repository');
  return `${match[1]}${match[3]}`;
}
