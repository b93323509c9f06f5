import type { JsonObject, JsonValue } from '@backstage/types';
import Ajv, { ErrorObject, ValidateFunction } from 'ajv/dist/2020';
import { RE2JS } from 're2js';

/** What a schema may hold: objects, lists and values, and objects in each other. */
const MOST_NODES = 2_000;
const DEEPEST = 16;

/**
 * Patterns run in a time that grows with the text and no more, whatever they are:
 * those of the language itself can be made to run for hours.
 */
function compilePattern(pattern: string) {
  const compiled = RE2JS.compile(pattern);
  return {
    test: (text: string) => compiled.matcher(text).find(),
    // Patterns of the same text are taken for the same.
    toString: () => pattern,
  };
}
compilePattern.code = 'compilePattern';

const validators = new WeakMap<JsonObject, ValidateFunction>();

/**
 * Makes a schema ready. It refers to nothing outside of itself, and knows no keyword
 * that the draft does not.
 *
 * @throws Error that says what is wrong with it
 */
export function compileSchema(schema: JsonObject): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const problem = sizeProblem(schema);
  if (problem) throw new Error(problem);
  const validate = new Ajv({
    allErrors: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    validateFormats: false,
    logger: false,
    code: { regExp: compilePattern },
  }).compile(schema);
  validators.set(schema, validate);
  return validate;
}

/** What is wrong with the metadata of a version, a line for each; nothing when nothing is. */
export function metadataProblems(
  schema: JsonObject,
  metadata: JsonObject,
): string[] {
  const validate = compileSchema(schema);
  return validate(metadata) ? [] : (validate.errors ?? []).map(sentence);
}

function sentence({ instancePath, message, params, keyword }: ErrorObject) {
  const where = instancePath.slice(1).replaceAll('/', '.') || 'it';
  if (keyword === 'enum')
    return `${where} must be one of ${params.allowedValues.join(', ')}`;
  if (keyword === 'additionalProperties')
    return `${where} must not have '${params.additionalProperty}'`;
  return `${where} ${message}`;
}

function sizeProblem(schema: JsonObject): string | undefined {
  let nodes = 0;
  const visit = (value: JsonValue | undefined, depth: number): boolean => {
    nodes++;
    if (depth > DEEPEST || nodes > MOST_NODES) return false;
    return typeof value !== 'object' || value === null
      ? true
      : Object.values(value).every(each => visit(each, depth + 1));
  };
  return visit(schema, 0)
    ? undefined
    : `it is too large: at most ${MOST_NODES} parts, in ${DEEPEST} levels`;
}
