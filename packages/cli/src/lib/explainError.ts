import { CommandError, EXIT } from './exit';

interface Carried {
  name?: string;
  message?: string;
  status?: number;
  suggestions?: readonly string[];
  errors?: readonly { field: string; detail: string }[];
  code?: string;
}

const CODE_BY_STATUS: Record<number, number> = {
  0: EXIT.unreachable,
  400: EXIT.usage,
  401: EXIT.signedOut,
  403: EXIT.notThere,
  404: EXIT.notThere,
  409: EXIT.conflict,
  502: EXIT.unreachable,
  503: EXIT.unreachable,
  504: EXIT.unreachable,
};

/**
 * Turns whatever was thrown into a message for people and an exit code. Errors
 * are told apart by their names, since they may come from another copy of a library.
 */
export function explainError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const {
    name,
    message = String(error),
    status,
    suggestions,
    errors,
    code,
  } = error as Carried;
  if (name === 'AssetManagerError' && status !== undefined) {
    const hints: string[] = [];
    for (const suggestion of suggestions ?? [])
      hints.push(`did you mean ${suggestion}?`);
    if (status === 401) hints.push('to sign in: asset login');
    if (
      status === 404 &&
      suggestions !== undefined &&
      / asset (?!type)/.test(message)
    ) {
      hints.push('to see what there is: asset list');
    }
    if (status === 0)
      hints.push('is the portal running, and is ASSET_SERVER right?');
    for (const { field, detail } of errors?.slice(1) ?? [])
      hints.push(`${field}: ${detail}`);
    return new CommandError(
      CODE_BY_STATUS[status] ?? EXIT.failed,
      message,
      hints,
    );
  }
  if (name === 'IntegrityError')
    return new CommandError(EXIT.integrity, message);
  if (name === 'ConflictError') return new CommandError(EXIT.conflict, message);
  if (code === 'ENOSPC')
    return new CommandError(EXIT.failed, 'the disk is full', [
      'nothing was lost; free some space and run the same command again',
    ]);
  if (code === 'EPIPE') return new CommandError(EXIT.done, '');
  return new CommandError(EXIT.failed, message);
}
