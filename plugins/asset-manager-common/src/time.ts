const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Reads a time in ISO 8601: a day is its first moment, and where no zone is given UTC
 * is meant.
 *
 * @returns the time in UTC, or undefined when it is none, or no day of the calendar
 * @public
 */
export function readIsoTime(text: string): string | undefined {
  const [, year, month, day, zone] = TIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  // Without a check the 30th of February would be a day in March.
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12) return undefined;
  if (Number(day) < 1 || Number(day) > last) return undefined;
  const time = Date.parse(text.includes('T') && !zone ? `${text}Z` : text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
