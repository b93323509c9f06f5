import { formatAge } from './formatAge';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const HOUR = 3_600_000;

describe('formatAge', () => {
  it.each([
    [0, 'now'],
    [-30_000, '30 seconds ago'],
    [-89 * 60_000, '1 hour ago'],
    [-47 * HOUR, 'yesterday'],
    [-21 * 24 * HOUR, '3 weeks ago'],
    // Another clock runs ahead.
    [20_000, 'now'],
    [2 * HOUR - 1, 'in 2 hours'],
    [30 * 24 * HOUR, 'in 4 weeks'],
    [90 * 24 * HOUR - 1, 'in 3 months'],
  ])('says of %i ms: %s', (difference, text) => {
    expect(formatAge(new Date(NOW + difference).toISOString(), NOW)).toBe(text);
  });
});
