import { BigIntStats, promises as fs } from 'node:fs';
import path from 'node:path';
import { ConflictError } from '@backstage/errors';
import {
  concurrently,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Breather } from './Breather';
import { fetchBlob, fetchMissing } from './fetchMissing';
import { hashFile } from './hashFile';
import { lookAt } from './lookAt';
import { placeFiles } from './placeFiles';
import type { Pulled, Pulling } from './pull';
import type { PullTarget } from './PullTarget';
import { stampOf } from './scan';
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
  const { missing, changed } = await compareFolder({ into, wanted, stamps });
  if (changed.length > 0 && !options.force) {
    throw new ConflictError(
      `${changed.length} files in ${
        options.target
      } were changed on this machine: ${changed
        .slice(0, 3)
        .map(each => JSON.stringify(each))
        .join(', ')}${changed.length > 3 ? ', …' : ''}`,
    );
  }
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
  await placeFiles({
    ...options,
    missing,
    placed: new Map(),
    fetchAgain: entry => fetchBlob({ ...options, blobs, entry }),
  });
  await stamps.save();
  // Stamps of files that were written this moment can't be trusted yet.
  if (missing.length > 0) await settle({ into, wanted: missing, stamps });
  return {
    revealed: true,
    fileCount: wanted.length,
    size: wanted.reduce((sum, entry) => sum + entry.size, 0),
    receivedBytes,
    written: missing.length,
    removed,
  };
}

/** Which files have to be written, and which of them a person changed. */
async function compareFolder(options: {
  into: PullTarget;
  wanted: readonly WantedFile[];
  stamps: StampCache;
}): Promise<{ missing: WantedFile[]; changed: string[] }> {
  const { into, wanted, stamps } = options;
  const former = new Map(stamps.entries());
  const missing: WantedFile[] = [];
  const changed: string[] = [];
  const breather = new Breather();
  await concurrently(wanted, 64, async entry => {
    await breather.breathe();
    const location = into.locationOf(entry);
    const stat = lookAt(location);
    if (!stat) {
      missing.push(entry);
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
        ? await hashFile(location)
        : undefined);
    if (digest === entry.digest) {
      stamps.set(entry.path, { stamp, digest });
      return;
    }
    missing.push(entry);
    // A file that still is what an earlier pull wrote is nobody's work.
    if (!(await isFormer({ former: former.get(entry.path), stat, location })))
      changed.push(entry.path);
  });
  return { missing, changed };
}

/**
 * Whether a file is what an earlier pull wrote. Its stamp says so without
 * reading; a new link to the same blob changes that, and not the bytes.
 */
async function isFormer(options: {
  former: StampedFile | undefined;
  stat: BigIntStats;
  location: string;
}): Promise<boolean> {
  const { former, stat, location } = options;
  if (!former) return false;
  if (former.stamp === stampOf(stat)) return true;
  return stat.nlink > 1n && (await hashFile(location)) === former.digest;
}

async function removeFormer(options: {
  into: PullTarget;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<number> {
  const { into, wanted, stamps } = options;
  const { root } = into;
  const kept = new Set(wanted.map(entry => entry.path));
  let removed = 0;
  for (const [key, former] of [...stamps.entries()]) {
    if (kept.has(key)) continue;
    const location = into.locationOf({ path: key });
    const stat = await fs
      .lstat(location, { bigint: true })
      .catch(() => undefined);
    if (stat?.isFile() && (await isFormer({ former, stat, location }))) {
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

async function settle(options: {
  into: PullTarget;
  wanted: readonly ManifestEntry[];
  stamps: StampCache;
}): Promise<void> {
  const { into, wanted, stamps } = options;
  await new Promise(resolve => {
    setTimeout(resolve, SETTLED_MS + 10);
  });
  const breather = new Breather();
  for (const entry of wanted) {
    await breather.breathe();
    const stat = lookAt(into.locationOf(entry));
    if (stat && Number(stat.size) === entry.size) {
      stamps.set(entry.path, { stamp: stampOf(stat), digest: entry.digest });
    }
  }
  await stamps.save();
}
