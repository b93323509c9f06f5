import { BigIntStats, promises as fs } from 'node:fs';
import path from 'node:path';
import { ConflictError } from '@backstage/errors';
import {
  concurrently,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Breather } from './Breather';
import { fetchBlob, fetchMissing } from './fetchMissing';
import { isWithin } from './folders';
import { hashFile } from './hashFile';
import { lookAt } from './lookAt';
import { placeFiles } from './placeFiles';
import type { Pulled, Pulling } from './pull';
import type { PullTarget } from './PullTarget';
import { contentOf, folded, stampOf } from './scan';
import { SETTLED_MS, StampCache, StampedFile } from './StampCache';
import { wantedPages } from './wantedFiles';
import type { WantedFile } from './WantedFile';

/**
 * Makes of a folder that stands what the version has: what stands already is
 * left alone, and what an earlier pull wrote goes where it is not wanted any more.
 *
 * @throws ConflictError that lists files which were changed on this machine
 */
export async function updateFolder(options: Pulling): Promise<Pulled> {
  const { into, blobs, linker } = options;
  const wanted: WantedFile[] = [];
  const sizes: number[][] = [];
  for await (const page of wantedPages(options)) {
    wanted.push(...page.files);
    sizes.push(page.sizes);
  }
  await into.refuseTwins(wanted);
  const stamps = await StampCache.open({
    cache: options.cache,
    folder: into.folder,
    purpose: 'pulled',
  });
  const { missing, changed, seen } = await compareFolder({
    ...options,
    wanted,
    stamps,
  });
  if (changed.length > 0 && !options.force)
    throw new ConflictError(
      `${changed.length} ${changed.length === 1 ? 'file' : 'files'} in ${
        options.target
      } ${
        changed.length === 1 ? 'was' : 'were'
      } changed on this machine: ${changed
        .slice(0, 3)
        .map(each => JSON.stringify(each))
        .join(', ')}${changed.length > 3 ? ', …' : ''}`,
    );
  const { receivedBytes } = await fetchMissing({
    ...options,
    wanted: missing,
    missing,
    sizes,
    copyFor: linker ? undefined : into.root,
  });
  // Before anything is written: a former file may stand where a folder has to be.
  const removed = options.include?.length
    ? 0
    : await removeFormer({ into, wanted, stamps });
  /** How files looked when they were written. */
  const placed = new Map<WantedFile, string>();
  try {
    await placeFiles({
      ...options,
      missing,
      placed,
      refuseOther: options.force
        ? undefined
        : file => refuseOther(into, file, seen),
      fetchAgain: entry => fetchBlob({ ...options, blobs, entry }),
    });
  } catch (error) {
    // What was written is nobody's work, also where the rest was not.
    await settle({ into, placed, stamps });
    throw error;
  }
  await settle({ into, placed, stamps });
  return {
    revealed: true,
    fileCount: wanted.length,
    size: wanted.reduce((sum, entry) => sum + entry.size, 0),
    receivedBytes,
    written: missing.length,
    removed,
  };
}

/**
 * Somebody may have written to the folder while files were fetched.
 *
 * @param seen - how files that are to be replaced looked before
 * @throws ConflictError when one looks otherwise by now
 */
function refuseOther(
  into: PullTarget,
  file: WantedFile,
  seen: ReadonlyMap<WantedFile, string | undefined>,
): void {
  if (!seen.has(file)) return;
  const before = seen.get(file);
  const stat = lookAt(into.locationOf(file));
  // A link that somebody made to the same file changes nothing of it.
  const same = stat
    ? before !== undefined && contentOf(stampOf(stat)) === contentOf(before)
    : true;
  if (!same)
    throw new ConflictError(
      `${JSON.stringify(
        file.path,
      )} was changed on this machine while the others were fetched`,
    );
}

/** Which files have to be written, how those looked that stand, and which of them a person changed. */
async function compareFolder(options: {
  into: PullTarget;
  wanted: readonly WantedFile[];
  stamps: StampCache;
  signal?: AbortSignal;
}): Promise<{
  missing: WantedFile[];
  changed: string[];
  seen: Map<WantedFile, string | undefined>;
}> {
  const { into, wanted, stamps, signal } = options;
  const former = new Map(stamps.entries());
  const missing: WantedFile[] = [];
  const changed: string[] = [];
  const seen = new Map<WantedFile, string | undefined>();
  const breather = new Breather();
  await concurrently(wanted, 64, async entry => {
    signal?.throwIfAborted();
    await breather.breathe();
    const location = into.locationOf(entry);
    const stat = lookAt(location);
    if (!stat) {
      missing.push(entry);
      seen.set(entry, undefined);
      return;
    }
    if (!stat.isFile()) {
      // A folder that an earlier pull made goes with its last former file.
      const isFormerFolder = [...former.keys()].some(key =>
        key.startsWith(`${entry.path}/`),
      );
      if (!isFormerFolder) changed.push(entry.path);
      missing.push(entry);
      return;
    }
    const stamp = stampOf(stat);
    const digest =
      stamps.get(entry.path, stamp) ??
      (Number(stat.size) === entry.size || !former.has(entry.path)
        ? await hashFile(location, { signal })
        : undefined);
    if (digest === entry.digest) {
      // What was trusted stays so, whatever the clock of the disk says.
      if (stamps.stampOf(entry.path) !== stamp)
        stamps.set(entry.path, { stamp, digest });
      return;
    }
    missing.push(entry);
    seen.set(entry, stamp);
    // A file that still is what an earlier pull wrote is nobody's work.
    const was = former.get(entry.path);
    if (!(await isFormer({ former: was, stat, location, signal })))
      changed.push(entry.path);
  });
  return { missing, changed, seen };
}

/**
 * Whether a file is what an earlier pull wrote. Its stamp says so without
 * reading; another name of the same file that comes or goes changes that, and not
 * the bytes.
 */
async function isFormer(options: {
  former: StampedFile | undefined;
  stat: BigIntStats;
  location: string;
  signal?: AbortSignal;
}): Promise<boolean> {
  const { former, stat, location, signal } = options;
  if (!former) return false;
  const now = stampOf(stat);
  if (former.stamp === now) return true;
  return (
    contentOf(former.stamp) === contentOf(now) &&
    (await hashFile(location, { signal })) === former.digest
  );
}

async function removeFormer(options: {
  into: PullTarget;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<number> {
  const { into, wanted, stamps } = options;
  const { root } = into;
  const isInside = await insideOf(root);
  const kept = new Set(wanted.map(entry => entry.path));
  const names = new Map(wanted.map(entry => [folded(entry.path), entry]));
  let removed = 0;
  for (const [key, former] of [...stamps.entries()]) {
    if (kept.has(key)) continue;
    const location = into.locationOf({ path: key });
    const stat = await fs
      .lstat(location, { bigint: true })
      .catch(() => undefined);
    const twin = names.get(folded(key));
    // Where the disk takes both names for one, it is what is wanted now.
    const isWanted =
      twin !== undefined && lookAt(into.locationOf(twin))?.ino === stat?.ino;
    if (
      stat?.isFile() &&
      !isWanted &&
      (await isInside(path.dirname(location))) &&
      (await isFormer({ former, stat, location }))
    ) {
      await fs.rm(location);
      removed++;
      for (
        let at = path.dirname(location);
        at !== root && at.startsWith(root);
        at = path.dirname(at)
      ) {
        if (
          !(await fs.rmdir(at).then(
            () => true,
            () => false,
          ))
        )
          break;
      }
    }
    stamps.delete(key);
  }
  return removed;
}

/**
 * Tells which folders stand within another one. A person may have moved a folder
 * away, and have put a link in its place: what is behind that is theirs.
 */
async function insideOf(
  root: string,
): Promise<(folder: string) => Promise<boolean>> {
  const top = await fs.realpath(root);
  const known = new Map<string, Promise<boolean>>();
  return folder => {
    const answer =
      known.get(folder) ??
      fs.realpath(folder).then(
        real => isWithin(top, real),
        () => false,
      );
    known.set(folder, answer);
    return answer;
  };
}

/** Remembers what was written, as far as nobody has written to it since. */
async function settle(options: {
  into: PullTarget;
  placed: ReadonlyMap<WantedFile, string>;
  stamps: StampCache;
}): Promise<void> {
  const { into, placed, stamps } = options;
  // Stamps of files that were written this moment can't be trusted yet.
  if (placed.size > 0)
    await new Promise(resolve => {
      setTimeout(resolve, SETTLED_MS + 10);
    });
  const breather = new Breather();
  for (const [{ path: key, digest }, written] of placed) {
    await breather.breathe();
    const stat = lookAt(into.locationOf({ path: key }));
    const stamp = stat && stampOf(stat);
    // The clock of a disk far away may be ahead of ours; we have waited.
    if (stamp && contentOf(stamp) === contentOf(written))
      stamps.trust(key, { stamp, digest });
  }
  // A folder that can't be remembered is whole all the same.
  await stamps.save().catch(() => {});
}
