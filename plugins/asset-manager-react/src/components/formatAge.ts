const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [7, 'day'],
  [4.35, 'week'],
  [12, 'month'],
  [Infinity, 'year'],
];

const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/**
 * How long ago a time was, e.g. `3 weeks ago`.
 *
 * @param time - ISO 8601
 * @param now - milliseconds since 1970
 * @public
 */
export function formatAge(time: string, now: number): string {
  let value = Math.min(0, (Date.parse(time) - now) / 1000);
  for (const [size, unit] of STEPS) {
    if (-value < size) return format.format(Math.ceil(value), unit);
    value /= size;
  }
  return time;
}
