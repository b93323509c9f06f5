import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';

/** What stands under a key of a blob store. */
export interface KeyParts {
  /** Of the asset that it was sent to. */
  uid: string;
  kind: 'blob' | 'blocks' | 'pack' | 'page' | 'version';
  /**
   * Of all bytes that stand there; of the manifest for the description of a version,
   * of the blob for the digests of its blocks.
   */
  digest: Digest;
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** Where the bytes of a file stand in the blob store. */
export function blobKey(uid: string, digest: Digest): string {
  const hex = hexOf(digest);
  return `${uid}/sha256/${hex.slice(0, 2)}/${hex}`;
}

/** Where the digests of the blocks of a blob stand, by where the blob does. */
export function blocksKey(key: string): string {
  return key.replace('/sha256/', '/blocks/');
}

/** Where the blob stands the digests of whose blocks stand under a key; undefined when none do. */
export function blobOfBlocks(key: string): string | undefined {
  const parts = parseKey(key);
  return parts?.kind === 'blocks'
    ? blobKey(parts.uid, parts.digest)
    : undefined;
}

/** Where a pack stands in the blob store. */
export function packKey(uid: string, digest: Digest): string {
  const hex = hexOf(digest);
  return `${uid}/packs/${hex.slice(0, 2)}/${hex}`;
}

/** Where the page of a manifest stands in the blob store. */
export function pageKey(uid: string, digest: Digest): string {
  return `${uid}/pages/${hexOf(digest)}`;
}

/** Where the description of a version stands, by the digest of its manifest. */
export function versionKey(uid: string, digest: Digest): string {
  return `${uid}/versions/${hexOf(digest)}`;
}

/** Where the descriptions of an asset's versions begin. */
export function versionPrefix(uid: string): string {
  return `${uid}/versions/`;
}

/** Where the records of an asset begin. */
export function recordPrefix(uid: string): string {
  return `${uid}/records/`;
}

/** Where the record of an asset stands that was written at a time; later ones come later in the alphabet. */
export function recordKey(uid: string, at: string): string {
  return `${recordPrefix(uid)}${at.replace(/[-:.]/g, '')}`;
}

/**
 * Where the next record of an asset stands: later than all before it, also where
 * one of those was written by a machine whose clock is ahead.
 */
export function nextRecordKey(
  uid: string,
  at: string,
  former: readonly string[],
): string {
  const key = recordKey(uid, at);
  const newest = [...former].sort().at(-1);
  const [, year, month, day, hour, minute, second, fraction] =
    /\/records\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(
      newest ?? '',
    ) ?? [];
  if (newest === undefined || newest < key || year === undefined) return key;
  const time = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}Z`,
  );
  return recordKey(uid, new Date(time + 1).toISOString());
}

/** Whose record stands under a key; undefined when none does. */
export function uidOfRecord(key: string): string | undefined {
  return /^([^/]+)\/records\/\d{8}T\d{9}Z$/.exec(key)?.[1];
}

const KINDS = {
  sha256: 'blob',
  blocks: 'blocks',
  packs: 'pack',
  pages: 'page',
  versions: 'version',
} as const;

/** What stands under a key; undefined for keys that are none of ours. */
export function parseKey(key: string): KeyParts | undefined {
  const [, uid, kind, hex] =
    /^([^/]+)\/(sha256|blocks|packs|pages|versions)\/(?:[0-9a-f]{2}\/)?([0-9a-f]{64})$/.exec(
      key,
    ) ?? [];
  if (hex === undefined) return undefined;
  const parts: KeyParts = {
    uid,
    kind: KINDS[kind as keyof typeof KINDS],
    digest: `sha256:${hex}`,
  };
  const canonical = {
    blob: blobKey,
    blocks: (...of: Parameters<typeof blobKey>) => blocksKey(blobKey(...of)),
    pack: packKey,
    page: pageKey,
    version: versionKey,
  };
  return canonical[parts.kind](uid, parts.digest) === key ? parts : undefined;
}

/** The digest of the pack that stands under a key; undefined when none does. */
export function packOfKey(key: string): Digest | undefined {
  const parts = parseKey(key);
  return parts?.kind === 'pack' ? parts.digest : undefined;
}
