import {
  concurrently,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { hashFile } from './hashFile';
import { scan } from './scan';

/**
 * How a folder differs from a version.
 *
 * @public
 */
export type FolderDifference =
  | { kind: 'changed'; path: string; found: string; expected: string }
  | { kind: 'missing'; path: string }
  | { kind: 'extra'; path: string };

/**
 * Reads every file of a folder again and compares it with a manifest; nothing
 * that is remembered is trusted.
 *
 * @returns the differences in the order of their paths; none when all is as it should be
 * @public
 */
export async function verifyFolder(options: {
  target: string;
  entries: readonly ManifestEntry[];
  onBytes?: (bytes: number) => void;
  signal?: AbortSignal;
}): Promise<FolderDifference[]> {
  const { target, entries, onBytes, signal } = options;
  const { files } = await scan(target);
  const expected = new Map(entries.map(entry => [entry.path, entry]));
  const differences: FolderDifference[] = [];
  const seen = new Set<string>();
  await concurrently(files, 4, async file => {
    signal?.throwIfAborted();
    const entry = expected.get(file.path);
    if (!entry) {
      differences.push({ kind: 'extra', path: file.path });
      return;
    }
    seen.add(file.path);
    const found = await hashFile(file.location, { onBytes, signal });
    if (found !== entry.digest) {
      differences.push({
        kind: 'changed',
        path: file.path,
        found,
        expected: entry.digest,
      });
    }
  });
  for (const entry of entries) {
    if (!seen.has(entry.path))
      differences.push({ kind: 'missing', path: entry.path });
  }
  return differences.sort((a, b) => (a.path < b.path ? -1 : 1));
}
