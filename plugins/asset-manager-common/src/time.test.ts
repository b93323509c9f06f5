import { readIsoTime } from './time';

describe('readIsoTime', () => {
  it.each([
    ['2026-03-03', '2026-03-03T00:00:00.000Z'],
    ['2026-03-03T12:30', '2026-03-03T12:30:00.000Z'],
    ['2026-03-03T12:30:15.5Z', '2026-03-03T12:30:15.500Z'],
    ['2026-03-03T12:30:00+01:00', '2026-03-03T11:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', (text, time) => expect(readIsoTime(text)).toBe(time));

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-03-03T25:00',
    '2026-3-3',
    'yesterday',
    '',
    '20260303',
  ])('refuses %s', text => expect(readIsoTime(text)).toBeUndefined());
});
