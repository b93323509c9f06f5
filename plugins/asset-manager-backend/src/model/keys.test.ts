import { nextRecordKey } from './keys';

describe('the key of the next record', () => {
  const at = '2026-11-26T12:00:00.000Z';
  const records = (...times: string[]) =>
    times.map(time => `uid/records/${time}`);

  it.each([
    ['of the first one', [], '20261126T120000000Z'],
    ['later than those before', ['20261126T115959999Z'], '20261126T120000000Z'],
    [
      'later than one of a machine whose clock is ahead',
      ['20261126T120000000Z', '20261231T235959999Z'],
      '20270101T000000000Z',
    ],
    ['of no other make', ['what is this'], '20261126T120000000Z'],
  ])('is %s', (_, former, key) => {
    expect(nextRecordKey('uid', at, records(...former))).toBe(
      `uid/records/${key}`,
    );
  });
});
