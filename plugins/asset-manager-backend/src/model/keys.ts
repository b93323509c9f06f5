import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';

/** What stands under a key of a blob store. */
export interface KeyParts {
  /** Of the asset that it was sent to. */
  uid: string;
  kind: 'blob' | 'pack' | 'page';
  /** Of all bytes that stand there. */
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

/** Where a pack stands in the blob store. */
export function packKey(uid: string, digest: Digest): string {
  const hex = hexOf(digest);
  return `${uid}/packs/${hex.slice(0, 2)}/${hex}`;
}

/** Where the page of a manifest stands in the blob store. */
export function pageKey(uid: string, digest: Digest): string {
  return `${uid}/pages/${hexOf(digest)}`;
}

const KINDS = { sha256: 'blob', packs: 'pack', pages: 'page' } as const;

/** What stands under a key; undefined for keys that are none of ours. */
export function parseKey(key: string): KeyParts | undefined {
  const [, uid, kind, hex] =
    /^([^/]+)\/(sha256|packs|pages)\/(?:[0-9a-f]{2}\/)?([0-9a-f]{64})$/.exec(
      key,
    ) ?? [];
  if (hex === undefined) return undefined;
  const parts: KeyParts = {
    uid,
    kind: KINDS[kind as keyof typeof KINDS],
    digest: `sha256:${hex}`,
  };
  const canonical = { blob: blobKey, pack: packKey, page: pageKey };
  return canonical[parts.kind](uid, parts.digest) === key ? parts : undefined;
}

/** The digest of the pack that stands under a key; undefined when none does. */
export function packOfKey(key: string): Digest | undefined {
  const parts = parseKey(key);
  return parts?.kind === 'pack' ? parts.digest : undefined;
}
