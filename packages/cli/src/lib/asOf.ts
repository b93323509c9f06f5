import type { Invocation, OptionSpec } from '../Command';
import { UsageError } from './exit';

/** Lets a command read a reference as it was meant at another time. */
export const AS_OF_OPTION: Record<string, OptionSpec> = {
  'as-of': {
    type: 'string',
    value: 'TIME',
    description:
      'what stages, aliases and latest meant at this time, in ISO 8601 (a day is its first moment, UTC)',
  },
};

/** The time that was given, in UTC; undefined for now. */
export function readAsOf(options: Invocation['options']): string | undefined {
  const text = options.text('as-of');
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `--as-of has to be a time like 2026-03-03 or 2026-03-03T12:00:00Z, not '${text}'`,
    );
  return new Date(time).toISOString();
}
