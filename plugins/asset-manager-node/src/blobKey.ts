import { InputError } from '@backstage/errors';

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/**
 * Lets pass what may be the key of a blob: parts of `[A-Za-z0-9._-]` that begin
 * with no dot, joined by `/`.
 *
 * @throws InputError for anything else
 * @public
 */
export function checkBlobKey(key: string): string {
  if (!KEY.test(key))
    throw new InputError(`${JSON.stringify(key)} is not a blob key`);
  return key;
}
