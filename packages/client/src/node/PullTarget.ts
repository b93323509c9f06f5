import { promises as fs } from 'node:fs';
import path from 'node:path';
import { ConflictError, InputError } from '@backstage/errors';
import type { ManifestEntry } from '@baseasset/backstage-plugin-asset-manager-common';
import { over, sweepParts } from './besides';
import { isWithin, makeFolder } from './folders';
import { beginUnfinished, sweepUnfinished, Unfinished } from './unfinished';
import type { Place } from './SmallFileWorkers';
import { twins } from './scan';
import { SETTLED_MS } from './StampCache';

/**
 * The folder that is pulled into. One that was not there is filled under another
 * name and appears whole, which also spares its files a name of their own before
 * they are whole.
 */
export class PullTarget {
  /** @throws InputError when there can be no such folder */
  static async open(target: string): Promise<PullTarget> {
    const wanted = path.resolve(target);
    const parent = path.dirname(wanted);
    if ((await stands(wanted)) || parent === wanted) {
      await makeFolderOf(wanted, wanted);
      return new PullTarget(wanted);
    }
    const parents = await makeFolderOf(parent, wanted);
    const folder = await fs.realpath(parent);
    await sweepUnfinished(folder);
    const unfinished = await beginUnfinished(folder).catch(async error => {
      await removeEmpty(parents);
      return refuse(wanted, wanted, error);
    });
    return new PullTarget(
      path.join(folder, path.basename(wanted)),
      unfinished,
      parents,
    );
  }

  /** The folder, as it is called in the end. */
  readonly folder: string;
  /** Where its files are written. */
  readonly root: string;
  readonly #unfinished: Unfinished | undefined;
  /** Folders that were made for it, the outermost first. */
  readonly #parents: readonly string[];
  readonly #made = new Set<string>();

  private constructor(
    folder: string,
    unfinished?: Unfinished,
    parents: readonly string[] = [],
  ) {
    this.folder = folder;
    this.root = unfinished?.folder ?? folder;
    this.#unfinished = unfinished;
    this.#parents = parents;
  }

  /** Whether nobody has seen the folder yet. */
  get isNew(): boolean {
    return this.#unfinished !== undefined;
  }

  locationOf({ path: relative }: Pick<ManifestEntry, 'path'>): string {
    // Paths of manifests are relative and without dots; joining them piece by piece
    // takes three times as long.
    return path.sep === '/'
      ? `${this.root}/${relative}`
      : path.join(this.root, ...relative.split('/'));
  }

  /** How a small file is to be written to its place. */
  placeOf(entry: Pick<ManifestEntry, 'path'>): Place {
    const target = this.locationOf(entry);
    return this.isNew ? { target, mode: 0o666 } : over(target);
  }

  /**
   * Makes the folders of some files.
   *
   * @throws InputError where a link leads out of the target
   * @throws ConflictError where a file stands in the place of a folder
   */
  async ensureFolders(
    entries: readonly Pick<ManifestEntry, 'path'>[],
    signal?: AbortSignal,
  ): Promise<void> {
    const folders = new Set(
      entries.map(entry => path.dirname(this.locationOf(entry))),
    );
    for (const folder of folders) {
      if (this.#made.has(folder)) continue;
      signal?.throwIfAborted();
      await makeFolder(folder).catch(error => {
        if (!['ENOTDIR', 'EEXIST'].includes(error.code)) throw error;
        throw new ConflictError(
          `${JSON.stringify(
            error.path,
          )} stands where the version has a folder; move it away first`,
        );
      });
      if (!this.isNew) {
        await this.#refuseLinkOut(folder);
        await sweepParts(folder);
      }
      this.#made.add(folder);
    }
  }

  async #refuseLinkOut(folder: string): Promise<void> {
    const [root, real] = await Promise.all([
      fs.realpath(this.root),
      fs.realpath(folder),
    ]);
    if (!isWithin(root, real)) {
      throw new InputError(
        `${JSON.stringify(
          folder,
        )} is a link out of the folder that is pulled into`,
      );
    }
  }

  /** Refuses where two names of the version would be one file on this machine. */
  async refuseTwins(entries: readonly ManifestEntry[]): Promise<void> {
    const pairs = twins(entries.map(entry => entry.path));
    if (pairs.length === 0) return;
    const probe = await fs.mkdtemp(path.join(this.root, '.asset-probe-'));
    try {
      await fs.writeFile(path.join(probe, 'a\u0301'), '');
      const folds = await Promise.all(
        ['A\u0301', '\u00e1'].map(twin =>
          fs.stat(path.join(probe, twin)).then(
            () => true,
            () => false,
          ),
        ),
      );
      if (folds.some(Boolean))
        throw new InputError(`${pairs[0]}, and this one can't either`);
    } finally {
      await fs.rm(probe, { recursive: true });
    }
  }

  /**
   * Gives a new folder its name.
   *
   * @param writtenAt - when its last file was written, in milliseconds: what is
   *   written after the folder was seen looks otherwise then, however coarse the
   *   clock of the disk is
   * @returns false when somebody else has made such a folder meanwhile, or the file
   *   system can't give another name to a folder: now there is one to be filled file
   *   by file
   */
  async reveal(writtenAt: number): Promise<boolean> {
    if (!this.isNew) return true;
    const wait = writtenAt + SETTLED_MS - Date.now();
    if (wait > 0)
      await new Promise(resolve => {
        setTimeout(resolve, wait);
      });
    if (!(await this.#unfinished?.stands()))
      throw new Error(
        `${JSON.stringify(
          this.root,
        )} was taken away in the middle of the pull, with what had been written; try again`,
      );
    try {
      await fs.rename(this.root, this.folder);
      return true;
    } catch {
      if (!(await stands(this.folder))) await makeFolder(this.folder);
      return false;
    }
  }

  /** Removes what was written to a folder that nobody will see; what takes too long goes another time. */
  async discard(): Promise<void> {
    await this.#unfinished?.discard();
    await removeEmpty(this.#parents);
  }
}

/** Removes folders from the innermost, the last, on; one that holds something stays. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of [...folders].reverse()) {
    const removed = await fs.rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** @throws InputError for a name that no folder can have */
function stands(location: string): Promise<boolean> {
  return fs.lstat(location).then(
    () => true,
    error => {
      if (!['ENOENT', 'ENOTDIR'].includes(error.code))
        refuse(location, location, error);
      return false;
    },
  );
}

/** Makes a folder, and says which there were not. */
function makeFolderOf(folder: string, wanted: string): Promise<string[]> {
  return makeFolder(folder).catch(error =>
    refuse(wanted, error.path ?? folder, error),
  );
}

function refuse(wanted: string, at: string, error: { code?: string }): never {
  const { code } = error;
  // No error of the file system, but one of ours.
  if (code === undefined) throw error;
  throw new InputError(
    `${JSON.stringify(wanted)} can't be pulled into: ${JSON.stringify(at)} ${
      code === 'ENOTDIR' ? 'is no folder' : `can't be made (${code})`
    }`,
  );
}
