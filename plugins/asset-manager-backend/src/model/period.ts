const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** How rules write a period: `30m`, `12h`, `90d` or `2w`. */
export const PERIOD_PATTERN = '^[1-9][0-9]{0,3}[mhdw]$';

/** A period in a schema of rules. */
export const PERIOD = {
  type: 'string',
  pattern: PERIOD_PATTERN,
  description: 'a period like 12h, 90d or 2w',
};

/** Milliseconds of a period as `PERIOD_PATTERN` has it. */
export function periodMs(text: string): number {
  const unit = text.slice(-1) as keyof typeof UNITS;
  return Number(text.slice(0, -1)) * UNITS[unit];
}
