import { compareEntries } from './compare';
import { digestOf } from './digest';
import type { ManifestEntry } from './ManifestChecker';

function entry(path: string, content: string): ManifestEntry {
  return { path, size: content.length, digest: digestOf(content) };
}

describe('compareEntries', () => {
  it('tells added, removed, changed and renamed files apart', async () => {
    const compared = await compareEntries(
      [entry('a', '1'), entry('b', '2'), entry('c', '3'), entry('e', '')],
      [entry('b', '2'), entry('c', '4'), entry('d', '1'), entry('f', '')],
      { listed: 10 },
    );
    expect(compared.counts).toEqual({
      added: 1,
      changed: 1,
      removed: 1,
      renamed: 1,
      unchanged: 1,
    });
    expect(
      compared.changes.map(({ kind, path, fromPath }) => [
        kind,
        path,
        fromPath,
      ]),
    ).toEqual([
      ['changed', 'c', undefined],
      ['renamed', 'd', 'a'],
      ['removed', 'e', undefined],
      ['added', 'f', undefined],
    ]);
    expect(compared.truncated).toBe(false);
  });

  it('counts every change, and lists as many as were asked for', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const compared = await compareEntries(
      names.map(name => entry(name, `old ${name}`)),
      names.map(name => entry(name, `new ${name}`)),
      { listed: 2 },
    );
    expect(compared.counts.changed).toBe(4);
    expect(compared.changes.map(({ path }) => path)).toEqual(['a', 'b']);
    expect(compared.truncated).toBe(true);
  });

  it('reads both lists side by side, and keeps neither', async () => {
    let ahead = 0;
    let most = 0;
    async function* list(step: 1 | -1) {
      for (let index = 0; index < 50_000; index++) {
        ahead += step;
        most = Math.max(most, Math.abs(ahead));
        yield entry(`${index}`.padStart(6, '0'), `${index % 10}`);
      }
    }
    const { counts } = await compareEntries(list(1), list(-1), { listed: 10 });
    expect(counts.unchanged).toBe(50_000);
    expect(most).toBeLessThan(3);
  });

  it('pairs no renames among more files than it keeps, and still counts them', async () => {
    const many = (prefix: string) =>
      Array.from({ length: 100_001 }, (_, index) =>
        entry(`${prefix}${`${index}`.padStart(6, '0')}`, prefix),
      );
    const { counts, changes, truncated } = await compareEntries(
      [],
      many('new'),
      { listed: 5 },
    );
    expect(counts.added).toBe(100_001);
    expect(changes).toHaveLength(5);
    expect(truncated).toBe(true);
  });
});
