import { InputError } from '@backstage/errors';
import { Digest, isDigest } from './digest';

const FORMAT = 'baseasset-pack/1';

/**
 * A pack never holds more blobs than this.
 *
 * @public
 */
export const MAX_PACK_BLOBS = 4096;

/**
 * A pack's header never has more bytes than this.
 *
 * @public
 */
export const MAX_PACK_HEADER_BYTES = 512 * 1024;

/**
 * A blob in a pack.
 *
 * @public
 */
export interface PackedBlob {
  digest: Digest;
  /** Bytes. */
  size: number;
}

/**
 * A blob with its place in a pack.
 *
 * @public
 */
export interface PlacedBlob extends PackedBlob {
  /** Bytes from the begin of the pack to the blob's. */
  offset: number;
}

/**
 * The first line of a pack, with its newline: the blobs that follow, in their
 * order. It is the JSON canonicalization scheme (RFC 8785) of an object, so that
 * the same blobs make the same pack everywhere.
 *
 * @public
 */
export function packHeader(blobs: readonly PackedBlob[]): string {
  return `${JSON.stringify({
    blobs: blobs.map(({ digest, size }) => ({ digest, size })),
    format: FORMAT,
  })}\n`;
}

/**
 * Where the blobs stand in the pack that they make, and the bytes of all of it.
 *
 * @throws InputError when these can't be the blobs of a pack
 * @public
 */
export function layOutPack(blobs: readonly PackedBlob[]): {
  blobs: PlacedBlob[];
  size: number;
} {
  if (blobs.length === 0 || blobs.length > MAX_PACK_BLOBS) {
    throw new InputError(
      `a pack holds 1 to ${MAX_PACK_BLOBS} blobs, not ${blobs.length}`,
    );
  }
  const seen = new Set<Digest>();
  // All of the header is ASCII.
  let offset = packHeader(blobs).length;
  const placed = blobs.map(({ digest, size }) => {
    if (seen.has(digest))
      throw new InputError(`${digest} stands in the pack twice`);
    seen.add(digest);
    const blob = { digest, size, offset };
    offset += size;
    return blob;
  });
  return { blobs: placed, size: offset };
}

/**
 * Reads the header of a pack.
 *
 * @param start - the begin of the pack, at least its first line, at most
 *   `MAX_PACK_HEADER_BYTES` of it are looked at
 * @throws InputError when it is none
 * @public
 */
export function parsePackHeader(start: Uint8Array): {
  blobs: PlacedBlob[];
  size: number;
} {
  const end = start.subarray(0, MAX_PACK_HEADER_BYTES).indexOf(0x0a);
  const text = new TextDecoder().decode(start.subarray(0, end + 1));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError('these bytes are no pack: the first line is not JSON');
  }
  const { blobs, format } = (value ?? {}) as Record<string, unknown>;
  if (format !== FORMAT || !Array.isArray(blobs))
    throw new InputError(`these bytes are no pack of the format ${FORMAT}`);
  const read = blobs.map((blob, index): PackedBlob => {
    const { digest, size } = (blob ?? {}) as Record<string, unknown>;
    if (
      typeof digest !== 'string' ||
      !isDigest(digest) ||
      typeof size !== 'number' ||
      !Number.isSafeInteger(size) ||
      size < 0
    )
      throw new InputError(`blob ${index} of the pack has no digest or size`);
    return { digest, size };
  });
  const layout = layOutPack(read);
  if (packHeader(read) !== text)
    throw new InputError('the header of the pack is not canonical (RFC 8785)');
  return layout;
}
