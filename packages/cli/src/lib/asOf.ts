import type { Invocation, OptionSpec } from '../Command';
import { UsageError } from './exit';

/** Lets a command read a reference as it was meant at another time. */
export const AS_OF_OPTION: Record<string, OptionSpec> = {
  'as-of': {
    type: 'string',
    value: 'TIME',
    description:
      'what stages, aliases and latest meant at this time, in ISO 8601 (a day is its first moment; UTC where no zone is given)',
  },
};

/** The time that was given, in UTC; undefined for now. */
export async function readAsOf(
  options: Invocation['options'],
): Promise<string | undefined> {
  const text = options.text('as-of');
  if (text === undefined) return undefined;
  const { readIsoTime } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const time = readIsoTime(text);
  if (time === undefined)
    throw new UsageError(
      `--as-of has to be a time like 2026-03-03 or 2026-03-03T12:00:00Z, not '${text}'`,
    );
  return time;
}
