import {
  concurrently,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { IntegrityError } from '../IntegrityError';
import type { BlobCache } from './BlobCache';
import type { BlobLinker } from './BlobLinker';
import { inBatches } from './inBatches';
import type { PullTarget } from './PullTarget';
import type { WantedFile } from './WantedFile';

const HANDS = 8;

/**
 * Writes files from the cache to where they belong.
 *
 * @param options.linker - makes links instead of copies
 * @param options.placed - takes how each looked when it was written, as far as that is known
 * @param options.fetchAgain - brings back what was damaged in the cache, or pruned
 */
export async function placeFiles(options: {
  target: PullTarget;
  blobs: BlobCache;
  linker?: BlobLinker;
  missing: readonly WantedFile[];
  placed: Map<WantedFile, string>;
  fetchAgain: (entry: ManifestEntry) => Promise<void>;
  signal?: AbortSignal;
}): Promise<void> {
  const { target, blobs, linker, missing, placed, fetchAgain, signal } =
    options;
  await target.ensureFolders(missing, signal);

  const put = (entry: WantedFile) =>
    linker
      ? linker.linkTo(entry, target.locationOf(entry))
      : blobs.copyTo(entry, target.locationOf(entry));
  const again = async (entry: WantedFile, error: unknown) => {
    if (!(error instanceof IntegrityError)) throw error;
    await fetchAgain(entry);
    await put(entry);
  };

  const left: WantedFile[] = [];
  const many = missing.filter(entry =>
    linker ? target.isNew : blobs.isSmall(entry),
  );
  await concurrently(inBatches(many), blobs.hands, async batch => {
    signal?.throwIfAborted();
    const stamps = linker
      ? await linker.linkMany(
          batch.map(entry => ({
            blob: entry,
            target: target.locationOf(entry),
          })),
        )
      : await copyMany(batch);
    stamps.forEach((stamp, index) => {
      if (stamp === undefined) left.push(batch[index]);
      else placed.set(batch[index], stamp);
    });
  });
  // Each further link changes how the file looks by the names before.
  if (linker) for (const entry of repeated(missing)) placed.delete(entry);
  const chosen = new Set(many);
  await concurrently(
    [...missing.filter(entry => !chosen.has(entry)), ...left],
    HANDS,
    async entry => {
      signal?.throwIfAborted();
      await put(entry).catch(error => again(entry, error));
    },
  );

  async function copyMany(
    batch: readonly WantedFile[],
  ): Promise<(string | undefined)[]> {
    const outcomes = await blobs.copySmall(
      batch.map(entry => ({ blob: entry, place: target.placeOf(entry) })),
    );
    return outcomes.map(outcome => {
      if (!(outcome instanceof Error)) return outcome.stamp;
      if (outcome instanceof IntegrityError) return undefined;
      throw outcome;
    });
  }
}

/** The files whose bytes another one has, too. */
function repeated(files: readonly WantedFile[]): WantedFile[] {
  const counts = new Map<string, number>();
  for (const { digest } of files)
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  return files.filter(({ digest }) => counts.get(digest)! > 1);
}
