/**
 * Works on items with a few hands at once, also on such as come one after the
 * other. The first failure stops the others from taking new items, and is thrown
 * once they are done.
 *
 * @public
 */
export async function concurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  hands: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const come = Symbol.asyncIterator in items;
  const iterator: Iterator<T> | AsyncIterator<T> = come
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  const hand = async () => {
    while (!failure) {
      try {
        const step = iterator.next();
        const next = come ? await step : (step as IteratorResult<T>);
        // Another hand may have failed while this one waited.
        if (next.done || failure) return;
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: hands }, hand));
  if (!failure) return;
  await iterator.return?.();
  throw failure.error;
}
