import { InputError } from '@backstage/errors';
import { isDigestPrefix } from './digest';

const NAMESPACE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

/**
 * The namespace of a reference that names none.
 *
 * @public
 */
export const DEFAULT_NAMESPACE = 'default';

/**
 * The selector of a reference that has none: the newest version.
 *
 * @public
 */
export const LATEST = 'latest';

/**
 * What is wrong with a namespace, or undefined when nothing is. The grammar is
 * the catalog's: lowercase letters, digits and single dashes, 63 at most.
 *
 * @public
 */
export function namespaceProblem(text: string): string | undefined {
  if (text.length > 63) return 'it has more than 63 characters';
  if (!NAMESPACE.test(text)) {
    return 'it must be lowercase letters and digits, with single dashes between them';
  }
  return undefined;
}

/**
 * What is wrong with an asset's name, or undefined when nothing is. The
 * grammar is the catalog's: letters, digits, `-`, `_` and `.`, beginning and
 * ending with a letter or digit, 63 at most.
 *
 * @public
 */
export function nameProblem(text: string): string | undefined {
  if (text.length > 63) return 'it has more than 63 characters';
  if (!NAME.test(text)) {
    return "it must be letters, digits, '-', '_' and '.', and begin and end with a letter or digit";
  }
  return undefined;
}

/**
 * What is wrong with a version label or an alias, or undefined when nothing
 * is: both live in one space of names and obey one grammar.
 *
 * @param text - the label or alias
 * @param stages - the stages of the asset's type, whose names are taken
 * @public
 */
export function labelProblem(
  text: string,
  stages: readonly string[] = [],
): string | undefined {
  if (text.length > 128) return 'it has more than 128 characters';
  if (isDigestPrefix(text) || text.startsWith('sha256:')) {
    return 'it looks like a digest';
  }
  if (text.toLocaleLowerCase('en-US') === LATEST) {
    return "'latest' is computed and can't be given";
  }
  if (text.includes('..'))
    return "it holds '..', which stands between two versions";
  if (!LABEL.test(text)) {
    return "it must be letters, digits, '.', '_', '+' and '-', and begin with a letter or digit";
  }
  if (stages.includes(text)) {
    return `'${text}' is a stage of this asset type`;
  }
  return undefined;
}

/**
 * Throws what `problem` found, with the thing named.
 *
 * @throws InputError when there is a problem
 * @public
 */
export function refuse(
  what: string,
  text: string,
  problem: string | undefined,
): void {
  if (problem) {
    throw new InputError(
      `${what} ${JSON.stringify(text)} is not valid: ${problem}`,
    );
  }
}
