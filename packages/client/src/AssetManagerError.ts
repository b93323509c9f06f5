/**
 * What the server, or the way to it, said instead of an answer.
 *
 * @public
 */
export class AssetManagerError extends Error {
  readonly name = 'AssetManagerError';
  /** The HTTP status; 0 when no answer came at all. */
  readonly status: number;
  /** What is wrong with which field of the request. */
  readonly errors: readonly { field: string; detail: string }[];
  /** References that may have been meant. */
  readonly suggestions: readonly string[];

  constructor(options: {
    message: string;
    status: number;
    errors?: readonly { field: string; detail: string }[];
    suggestions?: readonly string[];
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.status = options.status;
    this.errors = options.errors ?? [];
    this.suggestions = options.suggestions ?? [];
  }

  /** Reads problem details (RFC 9457), or whatever else stands in the body. */
  static fromBody(status: number, text: string): AssetManagerError {
    try {
      const body = JSON.parse(text);
      return new AssetManagerError({
        status,
        message:
          body.detail ?? body.error?.message ?? `the server answered ${status}`,
        errors: body.errors,
        suggestions: body.suggestions,
      });
    } catch {
      return new AssetManagerError({
        status,
        message: `the server answered ${status}`,
      });
    }
  }
}

/**
 * Whether the same request may succeed a moment later.
 *
 * @public
 */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof AssetManagerError &&
    [0, 408, 425, 429, 502, 503, 504].includes(error.status)
  );
}
