/** Small files that a thread works on in one go. */
const BATCH = 128;

/** The batches in an order in which those that are worked on at once stand apart: two in one folder wait for each other. */
export function inBatches<T>(all: readonly T[]): T[][] {
  const batches = Array.from(
    { length: Math.ceil(all.length / BATCH) },
    (_, index) => all.slice(index * BATCH, (index + 1) * BATCH),
  );
  const half = Math.ceil(batches.length / 2);
  return batches
    .slice(0, half)
    .flatMap((batch, index) =>
      half + index < batches.length ? [batch, batches[half + index]] : [batch],
    );
}
