import { concurrently } from '@baseasset/backstage-plugin-asset-manager-common';
import { fetchBlob, fetchMissing } from './fetchMissing';
import { inBatches } from './inBatches';
import { lookAt } from './lookAt';
import { placeCached, placeFiles } from './placeFiles';
import type { Pulled, Pulling } from './pull';
import type { PullTarget } from './PullTarget';
import { stampOf } from './scan';
import { StampCache } from './StampCache';
import { wantedPages } from './wantedFiles';
import type { WantedFile } from './WantedFile';

/** Blobs of a batch that tell whether the others are likely to be in the cache. */
const SAMPLE = 8;

/**
 * Fills a folder that nobody sees yet, and shows it when it is whole. What the
 * cache has is written while the rest of the manifest is still on its way.
 */
export async function fillFolder(options: Pulling): Promise<Pulled> {
  const { into, blobs, linker, signal } = options;
  const wanted: WantedFile[] = [];
  const sizes: number[][] = [];
  /** How files looked when they were written, as far as that is known. */
  const placed = new Map<WantedFile, string>();

  async function* cached(): AsyncGenerator<WantedFile[]> {
    for await (const page of wantedPages(options)) {
      wanted.push(...page.files);
      sizes.push(page.sizes);
      const many = page.files.filter(file => linker || blobs.isSmall(file));
      for (const batch of inBatches(many)) {
        const sample = batch.slice(0, SAMPLE);
        const found = sample.filter(file => blobs.has(file)).length;
        if (found === sample.length) yield batch;
        // Where none is there, the others are looked for when they are fetched.
        else if (found > 0) yield batch.filter(file => blobs.has(file));
      }
    }
  }
  try {
    await concurrently(cached(), blobs.hands, async batch => {
      signal?.throwIfAborted();
      for (const [file, stamp] of await placeCached(batch, options))
        placed.set(file, stamp);
    });
  } catch (error) {
    // Where two names are one file, the second one was refused by the file system.
    await into.refuseTwins(wanted);
    throw error;
  }
  await into.refuseTwins(wanted);

  const missing = () => wanted.filter(file => !placed.has(file));
  const fetched = await fetchMissing({
    ...options,
    wanted,
    missing: missing(),
    sizes,
    // Nobody's way is in here: what comes can be written there, too.
    copyInto: linker ? undefined : into,
    copyFor: linker ? undefined : into.root,
  });
  for (const [file, stamp] of fetched.placed) placed.set(file, stamp);
  await placeFiles({
    ...options,
    missing: missing(),
    placed,
    fetchAgain: entry => fetchBlob({ ...options, blobs, entry }),
  });
  // Each further link changes how a file looks by the names before.
  if (linker) for (const file of repeated(wanted)) placed.delete(file);

  const writtenAt = Date.now();
  const stamps = await StampCache.open({
    cache: options.cache,
    folder: into.folder,
    purpose: 'pulled',
  });
  // Another folder of this name was here before.
  stamps.clear();
  remember({ into, wanted, stamps, placed });
  // A folder that can't be remembered is whole all the same.
  const remembered = await stamps.prepare().catch(() => undefined);
  let revealed = false;
  try {
    revealed = await into.reveal(writtenAt);
  } finally {
    const kept = revealed ? remembered?.keep() : remembered?.drop();
    await kept?.catch(() => {});
  }
  return {
    revealed,
    fileCount: wanted.length,
    size: wanted.reduce((sum, entry) => sum + entry.size, 0),
    receivedBytes: fetched.receivedBytes,
    written: wanted.length,
    removed: 0,
  };
}

/** The files whose bytes another one has, too. */
function repeated(files: readonly WantedFile[]): WantedFile[] {
  const counts = new Map<string, number>();
  for (const { digest } of files)
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  return files.filter(({ digest }) => counts.get(digest)! > 1);
}

/**
 * Remembers how the files of a new folder look, which nobody else could have
 * written to. Links can be written to by their other names: who does that within
 * the same tick of the disk's clock is not noticed.
 */
function remember(options: {
  into: PullTarget;
  wanted: readonly WantedFile[];
  stamps: StampCache;
  placed: ReadonlyMap<WantedFile, string>;
}): void {
  const { into, wanted, stamps, placed } = options;
  const lookNow = (entry: WantedFile) => {
    const stat = lookAt(into.locationOf(entry));
    return stat && stampOf(stat);
  };
  // Some file systems of networks set the times of a file when it is closed.
  const stay = wanted
    .filter(entry => placed.get(entry))
    .slice(-3)
    .every(entry => placed.get(entry) === lookNow(entry));
  for (const entry of wanted) {
    const stamp = (stay && placed.get(entry)) || lookNow(entry);
    if (stamp) stamps.trust(entry.path, { stamp, digest: entry.digest });
  }
}
