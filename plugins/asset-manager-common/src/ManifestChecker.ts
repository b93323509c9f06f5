import { InputError } from '@backstage/errors';
import { Digest, isDigest } from './digest';
import { comparePaths, pathProblem } from './paths';

/**
 * One file of a version.
 *
 * @public
 */
export interface ManifestEntry {
  /** Relative, `/` between folders, well-formed Unicode. */
  path: string;
  /** Bytes. */
  size: number;
  /** SHA-256 of the bytes. */
  digest: Digest;
}

/**
 * Checks entries one after the other: each by itself, and that together they
 * are sorted and can stand in one file system.
 *
 * @public
 */
export class ManifestChecker {
  #last: string | undefined;
  /** The files before, as far as the last path begins with their names. */
  #prefixes: string[] = [];

  /** @throws InputError that names the path and what is wrong with it */
  check(entry: ManifestEntry): void {
    const { path, size, digest } = entry;
    const problem = pathProblem(path);
    const fail = (what: string) => {
      throw new InputError(
        `file ${JSON.stringify(path)} can't be in a version: ${what}`,
      );
    };
    if (problem) fail(problem);
    if (!Number.isSafeInteger(size) || size < 0)
      fail('its size is not a number of bytes');
    if (!isDigest(digest))
      fail('its digest is not sha256: and 64 lowercase hex digits');
    if (this.#last !== undefined) {
      const order = comparePaths(this.#last, path);
      if (order === 0) fail('it stands twice');
      if (order > 0) fail('it is not in the order of its bytes');
    }
    // In the order of the bytes, everything that begins with a name comes right
    // after it: a file that has to be a folder, too, is among these.
    this.#prefixes = this.#prefixes.filter(prefix => path.startsWith(prefix));
    for (const prefix of this.#prefixes) {
      if (path[prefix.length] === '/')
        fail(`${JSON.stringify(prefix)} is a file, too`);
    }
    this.#prefixes.push(path);
    this.#last = path;
  }
}
