import { BigIntStats, lstatSync } from 'node:fs';

/** What stands there, links not followed; undefined for nothing. */
export function lookAt(location: string): BigIntStats | undefined {
  try {
    return lstatSync(location, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // A file stands where a folder has to be; pushing it aside comes later.
    if ((error as { code?: string }).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
