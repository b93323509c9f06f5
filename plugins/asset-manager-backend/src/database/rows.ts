/** Numbers that PostgreSQL gives as text, because its bigint is wider than JavaScript's. */
export function toNumber(value: number | string | null | undefined): number {
  return Number(value ?? 0);
}

/** Databases say null, the rest of the code says undefined. */
export function orUndefined<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

/** The parts of a list that are small enough for one statement's variables. */
export function* inBatches<T>(items: readonly T[], size = 200): Iterable<T[]> {
  for (let at = 0; at < items.length; at += size)
    yield items.slice(at, at + size);
}
