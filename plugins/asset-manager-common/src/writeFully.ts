/**
 * A file that is open for writing, as Node's `FileHandle` is.
 *
 * @public
 */
export interface PositionedWriter {
  writev(
    blocks: readonly Uint8Array[],
    position: number,
  ): Promise<{ bytesWritten: number }>;
  write(
    block: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
}

/**
 * Writes blocks behind each other. A disk that has room for some of the bytes
 * takes these and calls it a success; it says what is wrong to whoever brings the
 * rest.
 *
 * @param position - bytes from the file's begin
 * @throws the error of the file system when not all bytes could be written
 * @public
 */
export async function writeFully(
  file: PositionedWriter,
  blocks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let { bytesWritten: done } = await file.writev(blocks, position);
  let begin = 0;
  for (const block of blocks) {
    const end = begin + block.length;
    while (done < end) {
      const { bytesWritten } = await file.write(
        block,
        done - begin,
        end - done,
        position + done,
      );
      if (bytesWritten === 0) throw new Error('the disk takes no more bytes');
      done += bytesWritten;
    }
    begin = end;
  }
}
