import {
  concurrently,
  Digest,
  layOutPack,
  ManifestEntry,
  MAX_PACK_BLOBS,
  PackedBlob,
  packHeader,
  Packing,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { PieceSender } from './uploadVersion';

/** Files of a pack that are read at once. */
const READING_HANDS = 4;
/** A line of the header for one blob has no more bytes. */
const HEADER_LINE = 128;

/** A pack that is ready to be sent. */
export interface BuiltPack {
  /** SHA-256 of all of it. */
  digest: Digest;
  bytes: Uint8Array<ArrayBuffer>;
  /** In the order in which they stand in it. */
  blobs: PackedBlob[];
}

/** Which small blobs go together, in the order that they come in: neighbours are read together. */
export function choosePacks<T extends ManifestEntry>(
  entries: Iterable<T>,
  packing: Packing,
): T[][] {
  const packs: T[][] = [];
  let pack: T[] = [];
  let size = HEADER_LINE;
  for (const entry of entries) {
    const more = entry.size + HEADER_LINE;
    if (
      pack.length === MAX_PACK_BLOBS ||
      (pack.length > 0 && size + more > packing.packSize)
    ) {
      packs.push(pack);
      pack = [];
      size = HEADER_LINE;
    }
    pack.push(entry);
    size += more;
  }
  if (pack.length > 0) packs.push(pack);
  return packs;
}

/** Reads blobs into the pack that they make. */
export async function buildPack<T extends ManifestEntry>(
  entries: readonly T[],
  sender: Pick<PieceSender<T>, 'read' | 'digest'>,
): Promise<BuiltPack> {
  const { blobs: placed, size } = layOutPack(entries);
  const bytes = new Uint8Array(size);
  bytes.set(new TextEncoder().encode(packHeader(entries)));
  await concurrently(placed.entries(), READING_HANDS, ([index, blob]) =>
    sender.read(
      entries[index],
      bytes.subarray(blob.offset, blob.offset + blob.size),
    ),
  );
  return {
    digest: await sender.digest(bytes),
    bytes,
    blobs: placed.map(blob => ({ digest: blob.digest, size: blob.size })),
  };
}
