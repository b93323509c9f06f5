import { PositionedWriter, writeFully } from './writeFully';

/** A file on a disk that takes so many bytes at once, and so many in all. */
function fileOf(atOnce: number, room = Infinity) {
  const content: number[] = [];
  const take = (bytes: number[], position: number) => {
    const taken = bytes.slice(0, Math.min(atOnce, room - content.length));
    if (bytes.length > 0 && taken.length === 0) throw new Error('ENOSPC');
    taken.forEach((byte, index) => {
      content[position + index] = byte;
    });
    return { bytesWritten: taken.length };
  };
  const file: PositionedWriter = {
    writev: async (blocks, position) =>
      take(
        blocks.flatMap(block => [...block]),
        position,
      ),
    write: async (block, offset, length, position) =>
      take([...block.subarray(offset, offset + length)], position),
  };
  return { content, file };
}

const blocks = [[1, 2, 3], [], [4], [5, 6, 7, 8]].map(each =>
  Uint8Array.from(each),
);

it.each([1, 2, 3, 4, 5, 7, 8, 100])(
  'writes all bytes to a disk that takes %d of them at once',
  async atOnce => {
    const { content, file } = fileOf(atOnce);
    await writeFully(file, blocks, 2);
    expect(content.slice(2)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  },
);

it('says that a disk ended in the middle', async () => {
  const { file } = fileOf(100, 5);
  await expect(writeFully(file, blocks, 0)).rejects.toThrow('ENOSPC');
});
