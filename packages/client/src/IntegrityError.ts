import { AssetManagerError } from './AssetManagerError';

/**
 * Bytes are not what their digest says.
 *
 * @public
 */
export class IntegrityError extends Error {
  readonly name = 'IntegrityError';
}

/**
 * What was asked for by its digest conflicts with nothing but the bytes that stand there.
 *
 * @throws IntegrityError for such a conflict, else the error
 */
export function refuseDamaged(error: unknown): never {
  if (error instanceof AssetManagerError && error.status === 409)
    throw new IntegrityError(error.message);
  throw error;
}
