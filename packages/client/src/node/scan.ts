import { BigIntStats, lstatSync, promises as fs } from 'node:fs';
import path from 'node:path';
import { InputError } from '@backstage/errors';
import {
  comparePaths,
  pathProblem,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { isUnfinished } from './besides';
import { isWithin } from './folders';

/**
 * A file on this machine, as it was when it was looked at.
 *
 * @public
 */
export interface LocalFile {
  /** In the version: relative, with `/`. */
  path: string;
  /** On this machine. */
  location: string;
  /** Bytes. */
  size: number;
  /** Changes whenever the file's bytes or its place on the disk do. */
  stamp: string;
}

/**
 * What a folder holds.
 *
 * @public
 */
export interface ScanResult {
  /** In the order of their paths' bytes. */
  files: LocalFile[];
  /** What a person should know, a sentence each. */
  warnings: string[];
}

/** How a file is recognised as unchanged without reading it. */
export function stampOf(stat: {
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  ino: bigint;
}): string {
  return `${stat.size}-${stat.mtimeNs}-${stat.ctimeNs}-${stat.ino}`;
}

/** What writing changes of a stamp, and linking or renaming does not: all but the time of the last change. */
export function contentOf(stamp: string): string {
  const [size, mtimeNs, , ino] = stamp.split('-');
  return `${size}-${mtimeNs}-${ino}`;
}

/** One text for all names that some file systems take for one. */
export function folded(name: string): string {
  return name.normalize('NFC').toLocaleLowerCase('en-US').normalize('NFC');
}

function explain(error: unknown, location: string): never {
  const { code } = error as { code?: string };
  const why: Record<string, string> = {
    EACCES: 'it may not be read',
    EPERM: 'it may not be read',
    ELOOP: 'it is a link that leads back to itself',
    ENOENT: 'it is gone, or a link that leads nowhere',
    ENAMETOOLONG: 'its name is too long',
  };
  if (code && why[code])
    throw new InputError(
      `${JSON.stringify(location)} can't be pushed: ${why[code]}`,
    );
  throw error;
}

/**
 * Looks through a folder, or at one file. Links that stay inside are followed;
 * those that lead out, broken ones, sockets and devices are refused, since a
 * pull could not give them back. What a pull has not finished is not there.
 *
 * @throws InputError that names the file and what is wrong with it
 * @public
 */
export async function scan(target: string): Promise<ScanResult> {
  const root = await fs.realpath(target).catch(error => explain(error, target));
  const files: LocalFile[] = [];
  const top = await fs.stat(root, { bigint: true });
  if (top.isFile()) {
    const name = path.basename(path.resolve(target));
    refuseName(name, target);
    files.push({
      path: name,
      location: root,
      size: Number(top.size),
      stamp: stampOf(top),
    });
    return { files, warnings: [] };
  }

  if (!top.isDirectory()) {
    throw new InputError(
      `${JSON.stringify(
        target,
      )} can't be pushed: it is neither a file nor a folder`,
    );
  }

  const walk = async (
    folder: string,
    prefix: string,
    above: readonly string[],
  ): Promise<void> => {
    const names = await fs
      .readdir(folder, { encoding: 'buffer' })
      .catch(error => explain(error, folder));
    // One by one and at once: the way through the thread pool takes ten times as
    // long as the look itself, and `readdir` lets others have their turn.
    for (const bytes of names) {
      const name = bytes.toString();
      if (isUnfinished(name)) continue;
      const location = path.join(folder, name);
      if (!Buffer.from(name).equals(bytes)) {
        throw new InputError(
          `${JSON.stringify(location)} can't be pushed: its name is not UTF-8`,
        );
      }
      const relative = prefix + name;
      refuseName(relative, location);
      const link = lookAt(location);
      const real = link.isSymbolicLink()
        ? await fs.realpath(location).catch(error => explain(error, location))
        : location;
      if (link.isSymbolicLink() && !isWithin(root, real)) {
        throw new InputError(
          `${JSON.stringify(
            location,
          )} can't be pushed: it is a link out of the folder, to ${JSON.stringify(
            real,
          )}`,
        );
      }
      const stat = link.isSymbolicLink()
        ? await fs.stat(real, { bigint: true })
        : link;
      if (stat.isDirectory()) {
        if (above.includes(real)) {
          throw new InputError(
            `${JSON.stringify(
              location,
            )} can't be pushed: it is a link to a folder that it stands in`,
          );
        }
        await walk(real, `${relative}/`, [...above, real]);
      } else if (stat.isFile()) {
        files.push({
          path: relative,
          location: real,
          size: Number(stat.size),
          stamp: stampOf(stat),
        });
      } else {
        throw new InputError(
          `${JSON.stringify(
            location,
          )} can't be pushed: it is neither a file nor a folder`,
        );
      }
    }
  };
  await walk(root, '', [root]);
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, warnings: twins(files.map(file => file.path)) };
}

function lookAt(location: string): BigIntStats {
  try {
    return lstatSync(location, { bigint: true });
  } catch (error) {
    return explain(error, location);
  }
}

function refuseName(relative: string, location: string): void {
  const problem = pathProblem(relative);
  if (problem)
    throw new InputError(
      `${JSON.stringify(location)} can't be pushed: ${problem}`,
    );
}

/**
 * Warns of names that some file systems take for one.
 *
 * @public
 */
export function twins(paths: readonly string[]): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, string>();
  for (const each of paths) {
    const name = folded(each);
    const twin = seen.get(name);
    if (twin === undefined) {
      seen.set(name, each);
    } else {
      warnings.push(
        `${JSON.stringify(twin)} and ${JSON.stringify(each)} differ only in ${
          twin.normalize('NFC') === each.normalize('NFC')
            ? 'how their letters are encoded'
            : 'upper and lower case'
        }: some machines can't hold both`,
      );
    }
  }
  return warnings;
}
