import type { Readable } from 'node:stream';

/**
 * The chunks of a body, each awaited for so long and no longer. While whoever
 * reads takes a break nothing can come, and no time is counted.
 *
 * @param patience - milliseconds
 */
export async function* impatient(
  body: Readable,
  patience: number,
): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(
        () =>
          body.destroy(
            new Error(`the bucket said nothing for ${patience} milliseconds`),
          ),
        patience,
      );
      const { done, value } = await chunks
        .next()
        .finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    body.destroy();
  }
}
