import type { Invocation, OptionSpec } from '../Command';
import { UsageError } from './exit';

const UNITS = { h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** How a command is told when something ends. */
export const END_OPTIONS: Record<string, OptionSpec> = {
  for: {
    type: 'string',
    value: 'TIME',
    description: 'ends by itself after so many hours, days or weeks, like 30d',
  },
  until: {
    type: 'string',
    value: 'TIME',
    description: 'ends by itself at this time, in ISO 8601',
  },
};

/** What the line says of an end, in ISO 8601; undefined when it says nothing. */
export function readEnd(options: Invocation['options']): string | undefined {
  const until = options.text('until');
  const period = options.text('for');
  if (until !== undefined && period !== undefined)
    throw new UsageError('--until and --for say the same; give one of them');
  if (period === undefined) return until;
  return new Date(Date.now() + readPeriod('for', period)).toISOString();
}

/**
 * Milliseconds of what an option says.
 *
 * @throws UsageError when it is no period
 */
export function readPeriod(option: string, text: string): number {
  const [, count, unit] = /^(\d{1,4})([hdw])$/.exec(text) ?? [];
  if (!count)
    throw new UsageError(
      `--${option} has to be like 12h, 30d or 2w, not '${text}'`,
    );
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}
