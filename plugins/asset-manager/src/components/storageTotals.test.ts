import { totalsOf } from './storageTotals';

it('adds up the stores of a day, and sorts the days', () => {
  expect(
    totalsOf([
      { day: '2026-11-25', store: 'local', storedBytes: 5 },
      { day: '2026-11-24', store: 'local', storedBytes: 1 },
      { day: '2026-11-25', store: 'bucket', storedBytes: 2 },
    ]),
  ).toEqual([
    { day: '2026-11-24', bytes: 1 },
    { day: '2026-11-25', bytes: 7 },
  ]);
});
