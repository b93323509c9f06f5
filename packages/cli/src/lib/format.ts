export { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';

/** `1 file`, `14 files`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const STEPS: [number, string][] = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [7, 'day'],
  [4.35, 'week'],
  [12, 'month'],
  [Infinity, 'year'],
];

/** How long ago a time was, e.g. `3 weeks ago`. */
export function formatAge(time: string, now: number): string {
  let value = Math.max(0, (now - Date.parse(time)) / 1000);
  if (value < 5) return 'just now';
  for (const [size, name] of STEPS) {
    if (value < size) return `${countOf(Math.floor(value), name)} ago`;
    value /= size;
  }
  return time;
}

/** `group:default/team-signal` as people say it: `team-signal`. */
export function formatEntity(ref: string): string {
  return ref.replace(
    /^(user|group|system|component|asset|service):(default\/)?/,
    '',
  );
}

/** Columns under each other, two spaces apart; the last one as long as it likes. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map(row =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell.padEnd(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Names from outside, with what a terminal would act on made visible. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The day of a time in ISO 8601; nothing of none. */
export function day(time: string | undefined): string {
  return time?.slice(0, 10) ?? '';
}
