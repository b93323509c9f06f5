import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf } from './digest';
import {
  buildManifest,
  canonicalManifest,
  endsPage,
  MAX_PAGE_ENTRIES,
  parsePage,
} from './manifest';
import type { ManifestEntry } from './ManifestChecker';
import { comparePaths, pathProblem } from './paths';

const golden = JSON.parse(
  readFileSync(
    path.join(__dirname, '../../../fixtures/manifests.json'),
    'utf8',
  ),
);

const entry = (name: string, size = 1): ManifestEntry => ({
  path: name,
  size,
  digest: digestOf(name),
});

/** The entries of a golden case; generated ones are spelled as a rule. */
function entriesOf(
  files: ManifestEntry[] | { count: number },
): ManifestEntry[] {
  if (Array.isArray(files)) return files;
  return Array.from({ length: files.count }, (_, index) => {
    const name = `data/file-${String(index).padStart(6, '0')}.bin`;
    return entry(name, index);
  });
}

describe('manifests keep the golden cases:', () => {
  it.each(
    golden.cases as {
      name: string;
      files: ManifestEntry[] | { count: number };
      pages: number[];
      manifest?: string;
      digest: string;
    }[],
  )('$name', ({ files, pages, manifest, digest }) => {
    const built = buildManifest(entriesOf(files));
    expect(built.manifest.pages.map(page => page.fileCount)).toEqual(pages);
    const text = canonicalManifest(built.manifest);
    // Generated cases are too long to be spelled out; their digest says it all.
    expect(text).toBe(manifest ?? text);
    expect(built.digest).toBe(digest);
    // By another implementation of SHA-256 than the one that is under test.
    expect(`sha256:${createHash('sha256').update(text).digest('hex')}`).toBe(
      digest,
    );
  });
});

describe('buildManifest', () => {
  it('does not depend on the order of the files', () => {
    const files = ['b', 'a/b', 'a-b', '\u{1F9EC}', '\uFFFD', 'z'].map(name =>
      entry(name),
    );
    const forward = buildManifest(files);
    const backward = buildManifest([...files].reverse());
    expect(backward.digest).toBe(forward.digest);
  });

  it('sorts by bytes, where UTF-16 would say otherwise', () => {
    const sorted = ['\u{1F9EC}', '\uFFFD', 'a'].sort(comparePaths);
    const byBytes = ['\u{1F9EC}', '\uFFFD', 'a'].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    expect(sorted).toEqual(byBytes);
  });

  it('rewrites one page for one changed file', () => {
    const files = entriesOf({ count: 20_000 });
    const before = buildManifest(files);
    expect(before.manifest.pages.length).toBeGreaterThan(2);
    const changed = files.map((file, index) =>
      index === 9_000 ? { ...file, digest: digestOf('new') } : file,
    );
    const after = buildManifest(changed);
    const same = after.manifest.pages.filter(
      (page, index) => page.digest === before.manifest.pages[index].digest,
    );
    expect(same).toHaveLength(before.manifest.pages.length - 1);
    expect(after.digest).not.toBe(before.digest);
  });

  it('never makes a page larger than the most', () => {
    const names = Array.from(
      { length: 40_000 },
      (_, index) => `f${index}`,
    ).filter(name => !endsPage(name));
    const built = buildManifest(names.map(name => entry(name)));
    expect(Math.max(...built.manifest.pages.map(page => page.fileCount))).toBe(
      MAX_PAGE_ENTRIES,
    );
  });

  it.each([
    ['a file twice', ['a', 'a'], /stands twice/],
    ['a file that is a folder, too', ['a', 'a/b'], /is a file, too/],
    ['a path that leads out', ['../a'], /'\.\.'/],
  ])('refuses %s', (_, names, problem) => {
    expect(() => buildManifest(names.map(name => entry(name)))).toThrow(
      problem,
    );
  });
});

describe('pathProblem', () => {
  it.each([
    'a',
    'a/b.c',
    '.hidden',
    'a b',
    'ü/日本',
    '...',
    'a..b',
    `${'x'.repeat(255)}`,
  ])('takes %j', name => {
    expect(pathProblem(name)).toBeUndefined();
  });

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/../b',
    'a/./b',
    'a\\b',
    'a\nb',
    'a\u0000b',
    '\ud800',
    'x'.repeat(256),
    Array.from({ length: 50 }, () => 'x'.repeat(99)).join('/'),
  ])('refuses %j', name => {
    expect(pathProblem(name)).toBeDefined();
  });
});

describe('parsePage', () => {
  const [page] = buildManifest([entry('a'), entry('b')]).pages;

  it('reads what was built', () => {
    expect(parsePage(page)).toEqual([entry('a'), entry('b')]);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['no list', '{}'],
    ['nothing', '[]'],
    ['white space', page.replace(',', ', ')],
    [
      'another order of keys',
      JSON.stringify([{ path: 'a', digest: digestOf('a'), size: 1 }]),
    ],
    ['an extra key', page.replace('"path"', '"mode":1,"path"')],
    ['no digest', '[{"digest":"sha256:1","path":"a","size":1}]'],
  ])('refuses %s', (_, text) => {
    expect(() => parsePage(text)).toThrow();
  });
});
