const MIB = 1024 * 1024;
/** What S3 takes, and enough for everybody else. */
const MAX_PARTS = 10_000;

/**
 * The size of a blob's parts: what the session says, or as many whole MiB as it
 * takes to stay below 10,000 parts.
 *
 * @param size - bytes of the blob
 * @param partSize - bytes, as the upload session says
 * @public
 */
export function partSizeOf(size: number, partSize: number): number {
  if (size <= partSize * MAX_PARTS) return partSize;
  return Math.ceil(size / MAX_PARTS / MIB) * MIB;
}
