import { SharedAnswers } from './SharedAnswers';

/** Lookups that end when the test says so. */
class Lookups {
  readonly begun: Array<{
    resolve: (answer: string) => void;
    reject: (error: Error) => void;
  }> = [];

  readonly look = () =>
    new Promise<string>((resolve, reject) => {
      this.begun.push({ resolve, reject });
    });
}

const settled = () => new Promise(resolve => setImmediate(resolve));

describe('SharedAnswers', () => {
  let answers: SharedAnswers<string>;
  let lookups: Lookups;
  const get = (options?: { fresh?: boolean }) =>
    answers.get('maya', lookups.look, options);

  beforeEach(() => {
    answers = new SharedAnswers();
    lookups = new Lookups();
  });

  it('keeps an answer for who does not need a fresh one', async () => {
    const first = get();
    const second = get();
    lookups.begun[0].resolve('one');
    expect(await Promise.all([first, second, get()])).toEqual([
      'one',
      'one',
      'one',
    ]);
    expect(lookups.begun).toHaveLength(1);
  });

  it('looks again after five seconds', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      get();
      lookups.begun[0].resolve('one');
      now.mockReturnValue(4_999);
      expect(await get()).toBe('one');
      now.mockReturnValue(5_000);
      const again = get();
      lookups.begun[1].resolve('two');
      expect(await again).toBe('two');
    } finally {
      now.mockRestore();
    }
  });

  it('gives a fresh answer from a lookup that began after the question, one for all who wait', async () => {
    const before = get({ fresh: true });
    const waiting = [
      get({ fresh: true }),
      get({ fresh: true }),
      get({ fresh: true }),
    ];
    expect(lookups.begun).toHaveLength(1);
    lookups.begun[0].resolve('member');
    expect(await before).toBe('member');
    await settled();
    expect(lookups.begun).toHaveLength(2);
    const late = get({ fresh: true });
    lookups.begun[1].resolve('no member');
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('no member'));
    await settled();
    lookups.begun[2].resolve('member again');
    expect(await late).toBe('member again');
    expect(lookups.begun).toHaveLength(3);
  });

  it('keeps no failure, and goes on with those who wait', async () => {
    const failed = get();
    const waiting = get({ fresh: true });
    lookups.begun[0].reject(new Error('no catalog'));
    await expect(failed).rejects.toThrow('no catalog');
    await settled();
    lookups.begun[1].resolve('one');
    expect(await waiting).toBe('one');
    expect(await get()).toBe('one');
  });

  it('tells nobody the answer for somebody else', async () => {
    const maya = get();
    const lin = answers.get('lin', lookups.look);
    lookups.begun[0].resolve('of maya');
    lookups.begun[1].resolve('of lin');
    expect(await maya).toBe('of maya');
    expect(await lin).toBe('of lin');
  });
});
