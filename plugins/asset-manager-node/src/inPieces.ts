/**
 * The bytes of a stream in pieces of one size; the last one may be smaller, and
 * comes once the stream has ended well.
 *
 * @param size - bytes
 * @public
 */
export async function* inPieces(
  bytes: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let have = 0;
  for await (const chunk of bytes) {
    waiting.push(chunk);
    have += chunk.length;
    while (have > size) {
      const all = Buffer.concat(waiting);
      yield all.subarray(0, size);
      waiting = [all.subarray(size)];
      have -= size;
    }
  }
  if (have > 0) yield Buffer.concat(waiting);
}
