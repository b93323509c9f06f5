import os from 'node:os';
import path from 'node:path';
import { InputError } from '@backstage/errors';
import { parseBytes } from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * Where the client keeps what it may lose: `$BASEASSET_CACHE`, else
 * `baseasset` in the user's cache folder (XDG base directory specification).
 *
 * @public
 */
export function cacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const { BASEASSET_CACHE: own, XDG_CACHE_HOME: set } = environment;
  if (own) return own;
  // By its specification, one that is empty or relative counts as not set.
  const caches =
    set && path.isAbsolute(set) ? set : path.join(os.homedir(), '.cache');
  return path.join(caches, 'baseasset');
}

/**
 * How many bytes the cache may hold: `$BASEASSET_CACHE_LIMIT`, e.g. `50GiB`;
 * undefined when there is no limit.
 *
 * @throws InputError when that is no size
 * @public
 */
export function cacheLimit(
  environment: NodeJS.ProcessEnv = process.env,
): number | undefined {
  const text = environment.BASEASSET_CACHE_LIMIT;
  if (!text) return undefined;
  const limit = parseBytes(text);
  if (limit === undefined) {
    throw new InputError(
      `BASEASSET_CACHE_LIMIT is ${JSON.stringify(
        text,
      )}, which is no size; write it like 500MiB or 50GiB`,
    );
  }
  return limit;
}

/** A day. */
const MOST_SECONDS = 86_400;

/**
 * How long a line to a portal or a bucket may be silent while bytes travel:
 * `$BASEASSET_TIMEOUT`, in seconds.
 *
 * @returns milliseconds; undefined when it is not set
 * @throws InputError for what is no number of seconds
 * @public
 */
export function silencePatience(
  environment: NodeJS.ProcessEnv = process.env,
): number | undefined {
  const text = environment.BASEASSET_TIMEOUT;
  if (!text) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MOST_SECONDS)) {
    throw new InputError(
      `BASEASSET_TIMEOUT is ${JSON.stringify(
        text,
      )}, and has to be a number of seconds, from more than 0 to ${MOST_SECONDS}`,
    );
  }
  return seconds * 1000;
}

/**
 * Stores to read from where there are several copies, the nearest first:
 * `$BASEASSET_STORES`, names with commas between them.
 *
 * @returns undefined when it is not set, and the nearest is to be measured
 * @public
 */
export function preferredStores(
  environment: NodeJS.ProcessEnv = process.env,
): string[] | undefined {
  const names = environment.BASEASSET_STORES?.split(',')
    .map(name => name.trim())
    .filter(Boolean);
  return names?.length ? names : undefined;
}
