import type { ManifestEntry } from './ManifestChecker';
import { comparePaths } from './paths';
import type { FileChange, FileChangeKind } from './wire';

/** Files on one side alone that are kept in memory, to find renames among them. */
const MAX_UNPAIRED = 100_000;

/**
 * What differs between two lists of files.
 *
 * @public
 */
export interface EntryComparison {
  counts: Record<FileChangeKind | 'unchanged', number>;
  /** The changes in the order of their paths, as many as were asked for. */
  changes: FileChange[];
  /** Whether there are more changes than these. */
  truncated: boolean;
}

type Entries = Iterable<ManifestEntry> | AsyncIterable<ManifestEntry>;

/**
 * What differs between two sorted lists of files, which are read side by side
 * and not kept: memory grows with what differs, up to a limit, and not with the
 * lists. A file that is gone and one that is new with the same bytes are one
 * rename; of very many such files (100,000) the later ones are not paired.
 *
 * @param options.listed - how many changes are listed; all are counted
 * @public
 */
export async function compareEntries(
  from: Entries,
  to: Entries,
  options: { listed: number },
): Promise<EntryComparison> {
  const { listed } = options;
  const counts = { added: 0, changed: 0, removed: 0, renamed: 0, unchanged: 0 };
  const changes: FileChange[] = [];
  const unpaired = {
    added: [] as ManifestEntry[],
    removed: [] as ManifestEntry[],
  };
  const onOneSide = (kind: 'added' | 'removed', entry: ManifestEntry) => {
    counts[kind]++;
    if (unpaired.added.length + unpaired.removed.length < MAX_UNPAIRED)
      unpaired[kind].push(entry);
  };
  for await (const [before, after] of sideBySide(from, to)) {
    if (!after) onOneSide('removed', before!);
    else if (!before) onOneSide('added', after);
    else if (before.digest === after.digest) counts.unchanged++;
    else {
      counts.changed++;
      if (changes.length < listed)
        changes.push({
          kind: 'changed',
          path: after.path,
          from: { size: before.size, digest: before.digest },
          to: { size: after.size, digest: after.digest },
        });
    }
  }
  const paired = pairRenames(unpaired);
  const renamed = paired.filter(({ kind }) => kind === 'renamed').length;
  counts.renamed += renamed;
  counts.added -= renamed;
  counts.removed -= renamed;
  const all = [...changes, ...paired].sort((a, b) =>
    comparePaths(a.path, b.path),
  );
  const total = counts.added + counts.changed + counts.removed + counts.renamed;
  return {
    counts,
    changes: all.slice(0, listed),
    truncated: total > Math.min(listed, all.length),
  };
}

/** The entries of two sorted lists, with the same path together. */
async function* sideBySide(
  from: Entries,
  to: Entries,
): AsyncGenerator<[ManifestEntry | undefined, ManifestEntry | undefined]> {
  const left = iterate(from);
  const right = iterate(to);
  let before = await left.next();
  let after = await right.next();
  while (!before.done || !after.done) {
    const order = orderOf(before, after);
    yield [
      order <= 0 ? before.value : undefined,
      order >= 0 ? after.value : undefined,
    ];
    if (order <= 0) before = await left.next();
    if (order >= 0) after = await right.next();
  }
}

function orderOf(
  before: IteratorResult<ManifestEntry>,
  after: IteratorResult<ManifestEntry>,
): number {
  if (before.done) return 1;
  if (after.done) return -1;
  return comparePaths(before.value.path, after.value.path);
}

async function* iterate(
  entries: Entries,
): AsyncGenerator<ManifestEntry, undefined> {
  yield* entries;
  return undefined;
}

function pairRenames(unpaired: {
  added: readonly ManifestEntry[];
  removed: readonly ManifestEntry[];
}): FileChange[] {
  const { added, removed } = unpaired;
  const changes: FileChange[] = [];
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
  return changes;
}
