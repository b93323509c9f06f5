import os from 'node:os';
import path from 'node:path';

/**
 * Where the client keeps what it may lose: `$BASEASSET_CACHE`, else
 * `baseasset` in the user's cache folder (XDG base directory specification).
 *
 * @public
 */
export function cacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
): string {
  return (
    environment.BASEASSET_CACHE ??
    path.join(
      environment.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
      'baseasset',
    )
  );
}
