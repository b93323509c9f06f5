import { formatBytes } from './formatBytes';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [23_698_866, '22.6 MiB'],
  [2 ** 31, '2.0 GiB'],
  [1023 * 1024 * 1024, '1023 MiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
