/**
 * Bytes of a block of a file, whose SHA-256 is known by itself; the last block of
 * a file may be smaller. So a range of a large file is verified by reading no more
 * than the blocks that it touches.
 *
 * @public
 */
export const BLOCK_SIZE = 64 * 1024;

/**
 * A file that is no larger has no digests of blocks: it is read whole, and
 * verified by its own. Bytes.
 *
 * @public
 */
export const READ_WHOLE = 1024 * 1024;

/**
 * Bytes of the SHA-256 of a block; those of a file stand behind each other.
 *
 * @public
 */
export const BLOCK_DIGEST_SIZE = 32;

/**
 * Blocks of a file that stand behind each other.
 *
 * @public
 */
export interface BlockRange {
  /** The number of the first one, from 0. */
  first: number;
  count: number;
  /** Bytes from the file's begin to the first block. */
  start: number;
  /** Bytes from the file's begin to the end of the last block. */
  end: number;
}

/**
 * How many blocks a file has.
 *
 * @param size - bytes
 * @public
 */
export function countBlocks(size: number): number {
  return Math.ceil(size / BLOCK_SIZE);
}

/**
 * The blocks that a range of bytes touches.
 *
 * @param range - bytes from the file's begin; `end` is excluded
 * @param size - of the file, in bytes
 * @public
 */
export function blocksAround(
  range: { start: number; end: number },
  size: number,
): BlockRange {
  const first = Math.floor(range.start / BLOCK_SIZE);
  const count = countBlocks(Math.min(range.end, size)) - first;
  return {
    first,
    count,
    start: first * BLOCK_SIZE,
    end: Math.min((first + count) * BLOCK_SIZE, size),
  };
}
