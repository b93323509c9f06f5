import { labelProblem } from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldConflictError, FieldError } from './FieldError';

/** The names that an asset has given away: labels and aliases share one space. */
export interface TakenNames {
  labels: ReadonlySet<string>;
  aliases: ReadonlySet<string>;
}

/**
 * The label of a new version: what was asked, or the next free number.
 *
 * @param sequence - the place of the new version in its asset, from 1
 * @throws FieldError when the asked label is none
 * @throws FieldConflictError when the asked label is taken
 */
export function chooseLabel(options: {
  asked: string | undefined;
  sequence: number;
  stages: readonly string[];
  taken: TakenNames;
}): string {
  const { asked, stages, taken } = options;
  if (asked === undefined) {
    let number = options.sequence;
    while (taken.labels.has(`${number}`) || taken.aliases.has(`${number}`))
      number++;
    return `${number}`;
  }
  const problem = labelProblem(asked, stages);
  if (problem)
    throw new FieldError(
      'label',
      `version label '${asked}' is not valid: ${problem}`,
    );
  if (taken.labels.has(asked)) {
    throw new FieldConflictError(
      'label',
      `the asset has a version '${asked}' already`,
    );
  }
  if (taken.aliases.has(asked)) {
    throw new FieldConflictError(
      'label',
      `'${asked}' is an alias of the asset`,
    );
  }
  return asked;
}

/**
 * Checks that an alias may be set.
 *
 * @throws FieldError when it is no alias
 * @throws FieldConflictError when a version has that label
 */
export function checkAlias(options: {
  alias: string;
  stages: readonly string[];
  labels: ReadonlySet<string>;
}): void {
  const { alias, stages, labels } = options;
  const problem = labelProblem(alias, stages);
  if (problem)
    throw new FieldError('alias', `alias '${alias}' is not valid: ${problem}`);
  if (labels.has(alias)) {
    throw new FieldConflictError(
      'alias',
      `'${alias}' is a version of the asset, and can't be an alias`,
    );
  }
}
