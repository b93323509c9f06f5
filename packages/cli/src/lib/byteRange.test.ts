import { parseRange } from './byteRange';

describe('parseRange', () => {
  it.each([
    ['0-0', { start: 0, length: 1 }],
    ['100-199', { start: 100, length: 100 }],
    ['4096-', { start: 4096 }],
    ['1GiB+64KiB', { start: 1024 ** 3, length: 65_536 }],
    ['2KiB+1', { start: 2048, length: 1 }],
  ])('reads %s', (text, expected) => {
    expect(parseRange(text)).toEqual(expected);
  });

  it.each(['', '5', '-5', '+5', '5+', '9-3', '0+0', '1TB-2', '1-2-3', 'a-b'])(
    'refuses %j',
    text => {
      expect(() => parseRange(text)).toThrow(/is no range/);
    },
  );
});
