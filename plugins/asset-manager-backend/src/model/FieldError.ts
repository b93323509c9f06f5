import { ConflictError, InputError } from '@backstage/errors';

/** What is wrong with one field of a request. */
export interface FieldProblem {
  /** Its name in the request, with dots into the depth, e.g. `metadata.units`. */
  field: string;
  detail: string;
}

/** A request that is wrong in a field that it names. */
export class FieldError extends InputError {
  readonly errors: FieldProblem[];

  constructor(field: string, detail: string) {
    super(detail);
    this.errors = [{ field, detail }];
  }
}

/** A request that is right but clashes with what stands, in a field that it names. */
export class FieldConflictError extends ConflictError {
  readonly errors: FieldProblem[];

  constructor(field: string, detail: string) {
    super(detail);
    this.errors = [{ field, detail }];
  }
}

/**
 * Runs a check and names the field where it throws.
 *
 * @throws FieldError for what the check refused
 */
export function inField<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new FieldError(field, (error as Error).message);
  }
}
