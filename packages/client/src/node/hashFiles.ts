import {
  concurrently,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { hashUnchanged } from './hashFile';
import { inBatches } from './inBatches';
import { SMALL } from './readSmall';
import type { LocalFile } from './scan';
import { isHashed, SmallFileWorkers } from './SmallFileWorkers';

/** Large files that are read at once; hashing itself has one thread. */
const HANDS = 8;

/**
 * Hashes files that were scanned a moment ago, the small ones many at once.
 *
 * @param options.onBytes - hears of what was read
 * @throws InputError for what changes meanwhile, or may not be read
 */
export async function hashFiles(
  files: readonly LocalFile[],
  options: {
    onHashed: (file: LocalFile, digest: Digest) => void;
    onBytes: (bytes: number) => void;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { onHashed, onBytes, signal } = options;
  const singly = files.filter(({ size }) => size > SMALL);
  const workers = new SmallFileWorkers();
  try {
    const small = files.filter(({ size }) => size <= SMALL);
    await concurrently(inBatches(small), workers.hands, async batch => {
      signal?.throwIfAborted();
      const outcomes = await workers.hash(
        batch.map(({ location }) => location),
      );
      let bytes = 0;
      outcomes.forEach((outcome, index) => {
        const file = batch[index];
        if (isHashed(outcome) && outcome.stamp === file.stamp) {
          onHashed(file, outcome.digest);
          bytes += file.size;
        }
        // Whatever is wrong with it is said by the way of single files.
        else singly.push(file);
      });
      onBytes(bytes);
    });
  } finally {
    await workers.close();
  }
  await concurrently(singly, HANDS, async file => {
    signal?.throwIfAborted();
    onHashed(file, await hashUnchanged(file, { onBytes, signal }));
  });
}
