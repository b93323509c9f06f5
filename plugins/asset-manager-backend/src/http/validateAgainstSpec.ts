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

const nameTheField: ErrorRequestHandler = (error, _req, _res, next) => {
  const problems: ValidatorProblem[] | undefined = error?.errors;
  if (error?.status === 400 && problems?.[0]) {
    const [first] = problems;
    const field = fieldOf(first.path) || 'body';
    const refused = new FieldError(
      field,
      `${field} ${first.message ?? 'is not valid'}`,
    );
    refused.errors.push(
      ...problems.slice(1).map(problem => ({
        field: fieldOf(problem.path) || 'body',
        detail: problem.message ?? 'is not valid',
      })),
    );
    next(refused);
    return;
  }
  next(error);
};

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
    nameTheField,
  ];
}
