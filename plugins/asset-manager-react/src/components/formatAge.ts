const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [7, 'day'],
  [4.35, 'week'],
  [12, 'month'],
  [Infinity, 'year'],
];
/** What lies no further ahead is the other clock's error. Seconds. */
const SKEW = 60;

const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/**
 * How long ago a time was, or how far ahead it is, e.g. `3 weeks ago` or `in 3 months`.
 *
 * @param time - ISO 8601
 * @param now - milliseconds since 1970
 * @public
 */
export function formatAge(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  let value = seconds > SKEW ? seconds : Math.min(0, seconds);
  for (const [size, unit] of STEPS) {
    if (Math.abs(value) < size) {
      // An age is not rounded up; an end may be.
      return format.format(
        value > 0 ? Math.round(value) : Math.ceil(value),
        unit,
      );
    }
    value /= size;
  }
  return time;
}
