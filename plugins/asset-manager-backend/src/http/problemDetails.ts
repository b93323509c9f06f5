import { STATUS_CODES } from 'node:http';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import type {
  ErrorRequestHandler,
  NextFunction,
  Request,
  Response,
} from 'express';
import { AssetNotFoundError } from '../services/AssetService';
import type { FieldProblem } from '../model/FieldError';
import type { DeniedRecorder } from './DeniedRecorder';

const STATUS_BY_NAME: Record<string, number> = {
  NotModifiedError: 304,
  InputError: 400,
  AuthenticationError: 401,
  NotAllowedError: 403,
  NotFoundError: 404,
  ConflictError: 409,
  NotImplementedError: 501,
  ServiceUnavailableError: 503,
};

const NAME_BY_STATUS = Object.fromEntries(
  Object.entries(STATUS_BY_NAME).map(([name, status]) => [status, name]),
);

interface Carried {
  status?: number;
  statusCode?: number;
  errors?: FieldProblem[];
  suggestions?: string[];
}

/**
 * Answers what was thrown as problem details (RFC 9457), in a body that
 * Backstage's own error parsing understands as well. What nobody threw on
 * purpose is logged, and told to nobody.
 */
export function problemDetails(options: {
  logger: LoggerService;
  denied: DeniedRecorder;
}): ErrorRequestHandler {
  return async (
    error: unknown,
    req: Request,
    res: Response,
    next: NextFunction,
  ) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const thrown: Error & Carried = isError(error)
      ? error
      : new Error('unknown');
    const status =
      STATUS_BY_NAME[thrown.name] ?? thrown.statusCode ?? thrown.status ?? 500;
    if (status === 304) {
      res.status(304).end();
      return;
    }
    if (status === 403) await options.denied.record(req, thrown.message);
    // Waiting for it would tell by the time it takes that there is something.
    if (error instanceof AssetNotFoundError)
      void options.denied.recordHidden(req, error.asset);
    if (status >= 500) options.logger.error('a request failed', thrown);
    const detail =
      status >= 500
        ? 'the server could not do this; its log says why'
        : thrown.message;
    const name =
      NAME_BY_STATUS[status] ?? (status < 500 ? 'InputError' : 'Error');
    res
      .status(status)
      .type('application/json')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: STATUS_CODES[status] ?? 'Error',
          status,
          detail,
          errors: thrown.errors?.length ? thrown.errors : undefined,
          suggestions: thrown.suggestions?.length
            ? thrown.suggestions
            : undefined,
          error: { name, message: detail },
          request: { method: req.method, url: req.originalUrl.split('?')[0] },
          response: { statusCode: status },
        }),
      );
  };
}
