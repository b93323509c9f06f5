import { InputError } from '@backstage/errors';
import { Digest, digestOf, isDigest } from './digest';
import { ManifestChecker, ManifestEntry } from './ManifestChecker';
import { comparePaths } from './paths';
import { sha256Hex } from './sha256';

/**
 * What the manifest says of one of its pages.
 *
 * @public
 */
export interface ManifestPage {
  /** SHA-256 of the page's canonical text. */
  digest: Digest;
  fileCount: number;
  /** Bytes of the page's files together. */
  size: number;
}

/**
 * The canonical list of a version's files, as digests of pages. Its own digest
 * is the version's identity.
 *
 * @public
 */
export interface Manifest {
  fileCount: number;
  pages: ManifestPage[];
  /** Bytes of all files together. */
  size: number;
}

/**
 * A page never holds more entries than this.
 *
 * @public
 */
export const MAX_PAGE_ENTRIES = 16_384;

/**
 * Whether a page ends after this path: its SHA-256 ends in twelve zero bits.
 *
 * @public
 */
export function endsPage(path: string): boolean {
  return sha256Hex(path).endsWith('000');
}

/**
 * Cuts sorted entries into pages. Where a page ends depends on the path of its
 * last entry alone, so that one changed file changes one page.
 *
 * @public
 */
export function cutPages(entries: readonly ManifestEntry[]): ManifestEntry[][] {
  const pages: ManifestEntry[][] = [];
  let page: ManifestEntry[] = [];
  for (const entry of entries) {
    page.push(entry);
    if (page.length === MAX_PAGE_ENTRIES || endsPage(entry.path)) {
      pages.push(page);
      page = [];
    }
  }
  if (page.length > 0) pages.push(page);
  return pages;
}

/**
 * The canonical text of a page: the JSON canonicalization scheme (RFC 8785) of
 * its entries. Strings and integers are written as ECMAScript does, which is
 * what the RFC asks for; the keys stand in sorted order.
 *
 * @public
 */
export function canonicalPage(entries: readonly ManifestEntry[]): string {
  return JSON.stringify(
    entries.map(({ digest, path, size }) => ({ digest, path, size })),
  );
}

/**
 * The canonical text of a manifest (RFC 8785).
 *
 * @public
 */
export function canonicalManifest(manifest: Manifest): string {
  return JSON.stringify({
    fileCount: manifest.fileCount,
    pages: manifest.pages.map(({ digest, fileCount, size }) => ({
      digest,
      fileCount,
      size,
    })),
    size: manifest.size,
  });
}

/**
 * The version's identity.
 *
 * @public
 */
export function manifestDigest(manifest: Manifest): Digest {
  return digestOf(canonicalManifest(manifest));
}

/**
 * A manifest with the canonical texts of its pages.
 *
 * @public
 */
export interface BuiltManifest {
  manifest: Manifest;
  digest: Digest;
  /** The canonical text of every page, in order. */
  pages: string[];
}

/**
 * Builds the manifest of some files, in any order.
 *
 * @throws InputError when a path is not valid, stands twice, or is a file and a folder
 * @public
 */
export function buildManifest(entries: Iterable<ManifestEntry>): BuiltManifest {
  const sorted = [...entries].sort((a, b) => comparePaths(a.path, b.path));
  const checker = new ManifestChecker();
  const manifest: Manifest = { fileCount: 0, pages: [], size: 0 };
  const pages: string[] = [];
  for (const entry of sorted) checker.check(entry);
  for (const page of cutPages(sorted)) {
    const text = canonicalPage(page);
    const size = page.reduce((sum, entry) => sum + entry.size, 0);
    manifest.pages.push({
      digest: digestOf(text),
      fileCount: page.length,
      size,
    });
    manifest.fileCount += page.length;
    manifest.size += size;
    pages.push(text);
  }
  return { manifest, digest: manifestDigest(manifest), pages };
}

/**
 * Reads the canonical text of a page.
 *
 * @throws InputError when the text is not the canonical text of any entries
 * @public
 */
export function parsePage(text: string): ManifestEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError('the manifest page is not JSON');
  }
  if (!Array.isArray(value))
    throw new InputError('the manifest page is not a list');
  if (value.length === 0) throw new InputError('the manifest page is empty');
  if (value.length > MAX_PAGE_ENTRIES) {
    throw new InputError(
      `the manifest page has ${value.length} entries; ${MAX_PAGE_ENTRIES} are the most`,
    );
  }
  const entries = value.map((item, index): ManifestEntry => {
    const { path, size, digest } = (item ?? {}) as Record<string, unknown>;
    if (
      typeof path !== 'string' ||
      typeof size !== 'number' ||
      typeof digest !== 'string' ||
      !isDigest(digest)
    ) {
      throw new InputError(
        `entry ${index} of the manifest page has no path, size or digest`,
      );
    }
    return { path, size, digest };
  });
  if (canonicalPage(entries) !== text) {
    throw new InputError('the manifest page is not canonical (RFC 8785)');
  }
  return entries;
}
