/**
 * Works on items with a few hands at once. The first failure stops the others
 * from taking new items, and is thrown once they are done.
 *
 * @public
 */
export async function concurrently<T>(
  items: Iterable<T>,
  hands: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  const hand = async () => {
    while (!failure) {
      const next = iterator.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: hands }, hand));
  if (failure) throw failure.error;
}
