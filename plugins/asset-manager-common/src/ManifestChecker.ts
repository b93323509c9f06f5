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
  readonly #folders = new Set<string>();
  readonly #files = new Set<string>();

  /** @throws InputError that names the path and what is wrong with it */
  check(entry: ManifestEntry): void {
    const { path, size, digest } = entry;
    const problem = pathProblem(path);
    const fail = (what: string) => {
      throw new InputError(`file ${JSON.stringify(path)} can't be in a version: ${what}`);
    };
    if (problem) fail(problem);
    if (!Number.isSafeInteger(size) || size < 0) fail('its size is not a number of bytes');
    if (!isDigest(digest)) fail('its digest is not sha256: and 64 lowercase hex digits');
    if (this.#last !== undefined) {
      const order = comparePaths(this.#last, path);
      if (order === 0) fail('it stands twice');
      if (order > 0) fail('it is not in the order of its bytes');
    }
    if (this.#folders.has(path)) fail('it is a folder, too');
    let slash = path.lastIndexOf('/');
    while (slash > 0) {
      const folder = path.slice(0, slash);
      if (this.#files.has(folder)) fail(`${JSON.stringify(folder)} is a file, too`);
      if (this.#folders.has(folder)) break;
      this.#folders.add(folder);
      slash = folder.lastIndexOf('/');
    }
    this.#files.add(path);
    this.#last = path;
  }
}
