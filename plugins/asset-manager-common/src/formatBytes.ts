const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

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
