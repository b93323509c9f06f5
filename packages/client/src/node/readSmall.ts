import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Files up to this size are read in one go. Bytes. */
export const SMALL = 256 * 1024;

const block = Buffer.allocUnsafe(SMALL);

/**
 * The bytes of a small file as they stand now, and its stat after the reading.
 *
 * @param into - where they are read to; a memory that is used again when left
 *   out: what is to last has to be copied then
 * @returns undefined when it has more bytes than fit
 * @throws the error of the file system
 */
export function readSmall(location: string, into?: Uint8Array) {
  const file = openSync(location, 'r');
  try {
    const room = into ?? block;
    const length = readSync(file, room, 0, room.length, 0);
    const stat = fstatSync(file, { bigint: true });
    if (stat.size > length) return undefined;
    return { bytes: room.subarray(0, length), stat };
  } finally {
    closeSync(file);
  }
}
