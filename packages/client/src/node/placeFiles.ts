import {
  concurrently,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { IntegrityError } from '../IntegrityError';
import { inBatches } from './inBatches';
import type { Pulling } from './pull';
import type { WantedFile } from './WantedFile';

const HANDS = 8;

/**
 * Writes files from the cache to where they belong: small ones, or links to where
 * nothing stands.
 *
 * @returns how those looked that were written; the others are left to `placeFiles`,
 *   which finds out what is wrong with them
 */
export async function placeCached(
  files: readonly WantedFile[],
  options: Pick<Pulling, 'into' | 'blobs' | 'linker' | 'signal'>,
): Promise<Map<WantedFile, string>> {
  const { into, blobs, linker, signal } = options;
  await into.ensureFolders(files, signal);
  const stamps = linker
    ? await linker.linkMany(
        files.map(file => ({ blob: file, target: into.locationOf(file) })),
      )
    : (
        await blobs.copySmall(
          files.map(file => ({ blob: file, place: into.placeOf(file) })),
        )
      ).map(outcome => {
        if (!(outcome instanceof Error)) return outcome.stamp;
        if (outcome instanceof IntegrityError) return undefined;
        throw outcome;
      });
  const placed = new Map<WantedFile, string>();
  stamps.forEach((stamp, index) => {
    if (stamp !== undefined) placed.set(files[index], stamp);
  });
  return placed;
}

/**
 * Writes files from the cache to where they belong, over whatever stands there.
 *
 * @param options.placed - takes how each looked when it was written, as far as that is known
 * @param options.fetchAgain - brings back what was damaged in the cache, or pruned
 */
export async function placeFiles(
  options: Pick<Pulling, 'into' | 'blobs' | 'linker' | 'signal'> & {
    missing: readonly WantedFile[];
    placed: Map<WantedFile, string>;
    fetchAgain: (entry: ManifestEntry) => Promise<void>;
  },
): Promise<void> {
  const { into, blobs, linker, missing, placed, fetchAgain, signal } = options;
  await into.ensureFolders(missing, signal);

  const many = missing.filter(file =>
    linker ? into.isNew : blobs.isSmall(file),
  );
  await concurrently(inBatches(many), blobs.hands, async batch => {
    signal?.throwIfAborted();
    for (const [file, stamp] of await placeCached(batch, options))
      placed.set(file, stamp);
  });

  const put = (file: WantedFile) =>
    linker
      ? linker.linkTo(file, into.locationOf(file))
      : blobs.copyTo(file, into.locationOf(file));
  await concurrently(
    missing.filter(file => !placed.has(file)),
    HANDS,
    async file => {
      signal?.throwIfAborted();
      await put(file).catch(async error => {
        if (!(error instanceof IntegrityError)) throw error;
        await fetchAgain(file);
        await put(file);
      });
    },
  );
}
