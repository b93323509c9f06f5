import { readFile } from 'node:fs/promises';
import { CommandError, EXIT } from './exit';

const TIMEOUT_MS = 10_000;

/**
 * Where the token that a CI system gives a job comes from, if there is any: named
 * by `ASSET_ID_TOKEN` or `ASSET_ID_TOKEN_FILE`, or to be asked for at GitHub Actions.
 *
 * @param audience - for whom it is, where it is asked for
 * @returns asked anew each time, since such tokens live for minutes
 */
export function idTokenSource(
  environment: NodeJS.ProcessEnv,
  audience: string,
): (() => Promise<string>) | undefined {
  const {
    ASSET_ID_TOKEN: text,
    ASSET_ID_TOKEN_FILE: file,
    ACTIONS_ID_TOKEN_REQUEST_URL: address,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret,
  } = environment;
  if (text) return async () => text;
  if (file) return () => fromFile(file);
  if (address && secret) return () => fromGitHub(address, secret, audience);
  return undefined;
}

async function fromFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    throw new CommandError(
      EXIT.signedOut,
      `${file}, which ASSET_ID_TOKEN_FILE names, can't be read`,
    );
  }
}

async function fromGitHub(
  address: string,
  secret: string,
  audience: string,
): Promise<string> {
  const url = new URL(address);
  url.searchParams.set('audience', audience);
  try {
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { value } = await response.json();
    if (typeof value === 'string') return value;
  } catch {
    // Its message may name the address, which belongs into no log.
  }
  throw new CommandError(
    EXIT.signedOut,
    'GitHub Actions gives this job no token',
    ['the job needs the permission: id-token: write'],
  );
}
