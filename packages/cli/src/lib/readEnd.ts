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
  const [, count, unit] = /^(\d{1,4})([hdw])$/.exec(period) ?? [];
  if (!count)
    throw new UsageError(
      `--for has to be like 12h, 30d or 2w, not '${period}'`,
    );
  return new Date(
    Date.now() + Number(count) * UNITS[unit as keyof typeof UNITS],
  ).toISOString();
}
