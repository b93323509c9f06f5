/**
 * Bytes are not what their digest says.
 *
 * @public
 */
export class IntegrityError extends Error {
  readonly name = 'IntegrityError';
}
