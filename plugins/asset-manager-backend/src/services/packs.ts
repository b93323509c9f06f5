import { InputError } from '@backstage/errors';
import {
  digestOf,
  MAX_PACK_HEADER_BYTES,
  Packing,
  parsePackHeader,
  PlacedBlob,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** What is packed, and how much in one pack: enough to make a request worth its while, and little enough to hold in memory. */
export const PACKING: Packing = {
  blobSize: 256 * 1024,
  packSize: 4 * 1024 * 1024,
};

/** No pack is larger, whoever made it. Bytes. */
export const MAX_PACK_BYTES = PACKING.packSize + MAX_PACK_HEADER_BYTES;

/**
 * The blobs of a pack, and which of them are what its header says.
 *
 * @throws InputError when the bytes are no pack, or not all of one
 */
export function readPack(
  bytes: Buffer,
): { blob: PlacedBlob; bytes: Buffer; intact: boolean }[] {
  const { blobs, size } = parsePackHeader(bytes);
  if (size !== bytes.length) {
    throw new InputError(
      `the pack has ${bytes.length} bytes, but its header says ${size}`,
    );
  }
  return blobs.map(blob => {
    const slice = bytes.subarray(blob.offset, blob.offset + blob.size);
    return { blob, bytes: slice, intact: digestOf(slice) === blob.digest };
  });
}
