import { ConflictError, InputError } from '@backstage/errors';

/**
 * Holds the parts that have arrived to what a blob should be made of.
 *
 * @throws ConflictError when some are missing
 * @throws InputError when all are there, and not of the promised size
 * @public
 */
export function checkParts(options: {
  parts: number;
  partCount: number;
  /** Bytes. */
  received: number;
  /** Bytes. */
  size: number;
}): void {
  const { parts, partCount, received, size } = options;
  const message = `${parts} of ${partCount} parts, and ${received} of ${size} bytes have arrived`;
  if (parts < partCount) throw new ConflictError(message);
  if (parts !== partCount || received !== size) throw new InputError(message);
}
