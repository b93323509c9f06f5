const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * Text like `500MiB` or `2 TiB` as bytes; undefined when it is no size.
 *
 * @public
 */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit = 'B'] =
    /^(\d+(?:\.\d+)?)\s*([kmgtp]ib|b)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const power = UNITS.findIndex(
    each => each.toLowerCase() === unit.toLowerCase(),
  );
  return Math.round(Number(digits) * 1024 ** power);
}

/**
 * Bytes in binary units, e.g. `22.6 MiB`.
 *
 * @public
 */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${
    unit === 0 || value >= 1000 ? Math.round(value) : value.toFixed(1)
  } ${UNITS[unit]}`;
}
