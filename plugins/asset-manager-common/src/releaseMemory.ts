/** `ArrayBuffer.prototype.transfer` of ES2024, which the types of the language level do not know. */
type Transferable = ArrayBufferLike & {
  transfer?(newLength: number): ArrayBuffer;
};

/**
 * Gives the memory of a chunk back at once, which must not be used any more
 * afterwards. Left to the garbage collector, some dozens of MiB that arrived
 * make it look through all objects of the process again, and in a process as
 * large as a portal that takes longer than receiving them.
 *
 * @public
 */
export function releaseMemory(chunk: Uint8Array): void {
  // A view of a memory that others use is none of ours.
  if (chunk.byteLength !== chunk.buffer.byteLength) return;
  (chunk.buffer as Transferable).transfer?.(0);
}
