import { UsageError } from './exit';

const UNITS = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
const NUMBER = '(\\d{1,15})(|KiB|MiB|GiB)';
const PATTERN = new RegExp(`^${NUMBER}(?:([-+])(?:${NUMBER})?)?$`);

/** A range of a file. */
export interface WantedRange {
  /** Bytes from the begin. */
  start: number;
  /** Bytes; to the end when undefined. */
  length?: number;
}

/**
 * Reads `START-END` with both ends, as HTTP has it, `START-` for everything from
 * there on, or `START+LENGTH`. Numbers are bytes and may have a unit.
 *
 * @throws UsageError for anything else
 */
export function parseRange(text: string): WantedRange {
  const refuse = () =>
    new UsageError(`${JSON.stringify(text)} is no range`, [
      'e.g. 0-1023, 1GiB+64KiB, or 4096- for all from there on',
    ]);
  const [, from, fromUnit, way, to, toUnit] = PATTERN.exec(text) ?? [];
  if (from === undefined || way === undefined) throw refuse();
  const bytes = (digits: string, unit: string) =>
    Number(digits) * UNITS[unit as keyof typeof UNITS];
  const start = bytes(from, fromUnit);
  if (to === undefined) {
    if (way === '+') throw refuse();
    return { start };
  }
  const second = bytes(to, toUnit);
  const length = way === '+' ? second : second - start + 1;
  if (length <= 0) throw refuse();
  return { start, length };
}
