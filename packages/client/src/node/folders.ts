import { promises as fs } from 'node:fs';
import path from 'node:path';

/** Whether a real path is a folder, or stands in it. */
export function isWithin(folder: string, real: string): boolean {
  const inside = folder.endsWith(path.sep) ? folder : folder + path.sep;
  return real === folder || real.startsWith(inside);
}

/**
 * Makes a folder name by name: Node's own recursive way never ends where a file
 * system says that what was just asked for is not there, as /proc does.
 *
 * @param mode - of those that are made
 * @returns those that there were not, the outermost first
 * @throws the error of the file system, with the name that is in the way as its path
 * @public
 */
export async function makeFolder(
  folder: string,
  mode?: number,
): Promise<string[]> {
  const missing: string[] = [];
  let at = path.resolve(folder);
  for (;;) {
    const stat = await fs.stat(at).catch(() => undefined);
    if (stat?.isDirectory()) break;
    if (stat)
      throw Object.assign(new Error(`${JSON.stringify(at)} is no folder`), {
        code: 'ENOTDIR',
        path: at,
      });
    missing.unshift(at);
    at = path.dirname(at);
  }
  for (const each of missing) {
    await fs.mkdir(each, { mode }).catch(error => {
      // Somebody else has made it at the same moment.
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return missing;
}
