/** The exit codes, which scripts may rely on. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  signedOut: 3,
  notThere: 4,
  conflict: 5,
  integrity: 6,
  unreachable: 7,
} as const;

export const EXIT_MEANINGS: Record<keyof typeof EXIT, string> = {
  done: 'done',
  failed: 'failed',
  usage: 'wrong usage',
  signedOut: 'not signed in',
  notThere: 'not allowed, or not there',
  conflict: 'conflict',
  integrity: 'a digest does not match',
  unreachable: 'the server can not be reached',
};

/** Ends the program with a code and a message for people. */
export class CommandError extends Error {
  readonly code: number;
  /** What to do or type next, a line each. */
  readonly hints: readonly string[];

  constructor(code: number, message: string, hints: readonly string[] = []) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.hints = hints;
  }
}

/** The line was typed wrong. */
export class UsageError extends CommandError {
  constructor(message: string, hints: readonly string[] = []) {
    super(EXIT.usage, message, hints);
    this.name = 'UsageError';
  }
}
