import { formatBytes, parseBytes } from './formatBytes';

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

it.each([
  ['0', 0],
  ['17 B', 17],
  ['500MiB', 500 * 2 ** 20],
  ['1.5 gib', 1.5 * 2 ** 30],
  ['2PiB', 2 ** 51],
  ['2 TB', undefined],
  ['-1', undefined],
  ['', undefined],
])('%p is a size of %p', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});
