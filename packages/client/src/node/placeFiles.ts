import { ConflictError } from '@backstage/errors';
import {
  concurrently,
  Digest,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { IntegrityError } from '../IntegrityError';
import { inBatches } from './inBatches';
import { lookAt } from './lookAt';
import type { Pulling } from './pull';
import { stampOf } from './scan';
import type { WantedFile } from './WantedFile';

const HANDS = 8;
/** Others on this machine may take a blob away that was brought back. */
const ATTEMPTS = 3;

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
      ).map((outcome, index) => {
        if (!(outcome instanceof Error)) return outcome.stamp;
        if (outcome instanceof IntegrityError) return undefined;
        throw whatIsInTheWay(outcome, into.locationOf(files[index]));
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
 * @param options.placed - takes how each looked when it was written
 * @param options.refuseOther - throws where something else stands than is to be
 *   replaced; asked at the last moment
 * @param options.fetchAgain - brings back what was damaged in the cache, or pruned
 */
export async function placeFiles(
  options: Pick<Pulling, 'into' | 'blobs' | 'linker' | 'signal'> & {
    missing: readonly WantedFile[];
    placed: Map<WantedFile, string>;
    refuseOther?: (file: WantedFile) => void;
    fetchAgain: (entry: ManifestEntry) => Promise<void>;
  },
): Promise<void> {
  const { into, blobs, linker, missing, placed, refuseOther, signal } = options;
  await into.ensureFolders(missing, signal);

  const many = missing.filter(file =>
    linker ? into.isNew : blobs.isSmall(file),
  );
  await concurrently(inBatches(many), blobs.hands, async batch => {
    signal?.throwIfAborted();
    if (refuseOther) batch.forEach(refuseOther);
    for (const [file, stamp] of await placeCached(batch, options))
      placed.set(file, stamp);
  });

  /** What is on its way again, for all the names that its bytes have. */
  const fetching = new Map<Digest, Promise<void>>();
  const fetchAgain = (file: WantedFile) => {
    const known = fetching.get(file.digest);
    if (known) return known;
    const begun = options
      .fetchAgain(file)
      .finally(() => fetching.delete(file.digest));
    fetching.set(file.digest, begun);
    return begun;
  };
  const put = (file: WantedFile) => {
    const how = { beforeReveal: () => refuseOther?.(file), signal };
    return linker
      ? linker.linkTo(file, into.locationOf(file), how)
      : blobs.copyTo(file, into.locationOf(file), how);
  };
  await concurrently(
    missing.filter(file => !placed.has(file)),
    HANDS,
    async file => {
      for (let attempt = 1; ; attempt++) {
        signal?.throwIfAborted();
        try {
          await put(file);
          break;
        } catch (error) {
          if (!(error instanceof IntegrityError) || attempt === ATTEMPTS)
            throw whatIsInTheWay(error as Error, into.locationOf(file));
          await fetchAgain(file);
        }
      }
      const stat = lookAt(into.locationOf(file));
      if (stat) placed.set(file, stampOf(stat));
    },
  );
}

/** An error in putting a file to its place, in words where a folder stands there. */
function whatIsInTheWay(error: Error, location: string): Error {
  const { code = '' } = error as { code?: string };
  return ['EISDIR', 'ENOTEMPTY'].includes(code)
    ? new ConflictError(
        `${JSON.stringify(
          location,
        )} is a folder, and a file in the version; move it away first`,
      )
    : error;
}
