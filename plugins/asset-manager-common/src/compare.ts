import type { ManifestEntry } from './ManifestChecker';
import { comparePaths } from './paths';
import type { FileChange } from './wire';

/**
 * What differs between two sorted lists of files. A file that is gone and one
 * that is new with the same bytes are one rename.
 *
 * @returns the changes in the order of their paths, and how many files are the same
 * @public
 */
export function compareEntries(
  from: readonly ManifestEntry[],
  to: readonly ManifestEntry[],
): { changes: FileChange[]; unchanged: number } {
  const added: ManifestEntry[] = [];
  const removed: ManifestEntry[] = [];
  const changes: FileChange[] = [];
  let unchanged = 0;
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    let order: number;
    if (i === from.length) order = 1;
    else if (j === to.length) order = -1;
    else order = comparePaths(from[i].path, to[j].path);
    if (order < 0) {
      removed.push(from[i++]);
    } else if (order > 0) {
      added.push(to[j++]);
    } else {
      if (from[i].digest === to[j].digest) {
        unchanged++;
      } else {
        changes.push({
          kind: 'changed',
          path: to[j].path,
          from: { size: from[i].size, digest: from[i].digest },
          to: { size: to[j].size, digest: to[j].digest },
        });
      }
      i++;
      j++;
    }
  }
  const gone = new Map<string, ManifestEntry[]>();
  for (const entry of removed) {
    gone.set(entry.digest, [...(gone.get(entry.digest) ?? []), entry]);
  }
  const renamedFrom = new Set<string>();
  for (const { path, size, digest } of added) {
    // An empty file that is gone and one that is new say nothing of each other.
    const former = size > 0 ? gone.get(digest)?.shift() : undefined;
    if (former) {
      renamedFrom.add(former.path);
      changes.push({
        kind: 'renamed',
        path,
        fromPath: former.path,
        from: { size, digest },
        to: { size, digest },
      });
    } else {
      changes.push({ kind: 'added', path, to: { size, digest } });
    }
  }
  for (const { path, size, digest } of removed) {
    if (!renamedFrom.has(path)) {
      changes.push({ kind: 'removed', path, from: { size, digest } });
    }
  }
  changes.sort((a, b) => comparePaths(a.path, b.path));
  return { changes, unchanged };
}
