import { middleware } from 'express-openapi-validator';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { FieldError } from '../model/FieldError';

interface ValidatorProblem {
  path?: string;
  message?: string;
}

/** `/body/metadata/units` and `/query/limit` as a caller would name the field. */
function fieldOf(path: string | undefined): string {
  return (path ?? '')
    .replace(/^\/(body|query|params|headers)\/?/, '')
    .replaceAll('/', '.');
}

/** What the document says in words beside each of its patterns. */
function describePatterns(
  node: unknown,
  found = new Map<string, string>(),
): Map<string, string> {
  if (node === null || typeof node !== 'object') return found;
  const { pattern, description } = node as Record<string, unknown>;
  if (typeof pattern === 'string' && typeof description === 'string')
    found.set(`must match pattern "${pattern}"`, `must be ${description}`);
  for (const child of Object.values(node)) describePatterns(child, found);
  return found;
}

function nameTheField(spec: object): ErrorRequestHandler {
  const inWords = describePatterns(spec);
  const read = ({ path, message = 'is not valid' }: ValidatorProblem) => ({
    field: fieldOf(path) || 'body',
    detail: inWords.get(message) ?? message,
  });
  return (error, _req, _res, next) => {
    const problems: ValidatorProblem[] | undefined = error?.errors;
    if (error?.status !== 400 || !problems?.[0]) {
      next(error);
      return;
    }
    const [{ field, detail }, ...others] = problems.map(read);
    const refused = new FieldError(field, `${field} ${detail}`);
    refused.errors.push(...others);
    next(refused);
  };
}

/**
 * Holds requests, and on demand responses, to the OpenAPI document.
 *
 * @param spec - the parsed document
 * @param responses - whether a response that is not as documented is an error
 */
export function validateAgainstSpec(options: {
  spec: object;
  responses: boolean;
}): (RequestHandler | ErrorRequestHandler)[] {
  return [
    ...middleware({
      apiSpec: options.spec as never,
      validateRequests: {
        allowUnknownQueryParameters: false,
        removeAdditional: false,
      },
      validateResponses: options.responses,
      validateSecurity: false,
      validateApiSpec: false,
      ignoreUndocumented: true,
      useRequestUrl: true,
    }),
    nameTheField(options.spec),
  ];
}
