import type { Context } from './Context';

/** Whether there is somebody to ask. */
export function isInteractive(context: Context): boolean {
  return Boolean(context.stdin.isTTY && context.stderr.isTTY);
}

/** Asks a person; where nobody can be asked, the line itself is the answer. */
export async function confirm(
  context: Context,
  question: string,
): Promise<boolean> {
  if (!isInteractive(context)) return true;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({
    input: context.stdin,
    output: context.stderr,
  });
  try {
    const answer = await lines.question(`${question} [y/N] `, {
      signal: context.signal,
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
