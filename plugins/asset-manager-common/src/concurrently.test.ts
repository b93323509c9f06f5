import { concurrently } from './concurrently';

/** Gives numbers one after the other, with some time between. */
async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) {
    await new Promise(resolve => {
      setTimeout(resolve, 1);
    });
    yield number;
  }
}

it.each([
  ['at hand', () => [0, 1, 2, 3, 4, 5, 6]],
  ['that come', () => numbers(7)],
])('works once on each of the items %s', async (_, items) => {
  const seen: number[] = [];
  await concurrently<number>(items(), 3, async item => {
    seen.push(item);
  });
  expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it('has no more at once than it has hands', async () => {
  let now = 0;
  let most = 0;
  await concurrently(numbers(9), 3, async () => {
    most = Math.max(most, ++now);
    await new Promise(resolve => {
      setTimeout(resolve, 20);
    });
    now--;
  });
  expect(most).toBe(3);
});

it('takes no more items after a failure, and throws it at the end', async () => {
  const seen: number[] = [];
  let ended = 0;
  const work = concurrently(
    Array.from({ length: 100 }).keys(),
    2,
    async item => {
      seen.push(item);
      if (item === 1) throw new Error('the second one');
      await new Promise(resolve => {
        setTimeout(resolve, 10);
      });
      ended++;
    },
  );
  await expect(work).rejects.toThrow('the second one');
  expect(seen).toEqual([0, 1]);
  expect(ended).toBe(1);
});

it('throws what the items themselves throw', async () => {
  async function* broken() {
    yield 1;
    throw new Error('no more');
  }
  await expect(concurrently(broken(), 3, async () => {})).rejects.toThrow(
    'no more',
  );
});

it('takes nothing that came only after a failure, and ends what gives the items', async () => {
  const seen: number[] = [];
  let ended = false;
  async function* items() {
    try {
      yield 1;
      await new Promise(resolve => {
        setTimeout(resolve, 20);
      });
      yield 2;
      yield 3;
    } finally {
      ended = true;
    }
  }
  const work = concurrently(items(), 2, async item => {
    seen.push(item);
    throw new Error('the first one');
  });
  await expect(work).rejects.toThrow('the first one');
  expect(seen).toEqual([1]);
  expect(ended).toBe(true);
});
