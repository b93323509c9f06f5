// @ts-check
/**
 * Hashes in a thread of its own: ranges of files, or chunks that it is given.
 * Messages are worked on one after the other, in the order that they came in; those
 * of one `id` feed one hash.
 *
 * @typedef {{ id: number, blocks: { size: number, count: number } }} Begin
 *   asks for the digests of so many blocks of a size, too; needed for nothing else
 * @typedef {{ id: number, file: string, start: number, end?: number }} Range
 *   `end` is excluded, and the file's end when left out
 * @typedef {{ id: number, chunk: Uint8Array }} Chunk
 *   is answered when it was worked on
 * @typedef {{ id: number, ends: true }} End asks for the digest
 * @typedef {{ id: number, forget: true }} Forget
 */
const { createHash } = require('node:crypto');
const { closeSync, openSync, readSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');

const DIGEST_SIZE = 32;
const room = Buffer.allocUnsafe(1024 * 1024);

/** The digest of bytes that pass, and those of their blocks where they are wanted. */
class Hasher {
  #whole = createHash('sha256');
  #block = createHash('sha256');
  /** Bytes of the block that is not full yet. */
  #filled = 0;
  #ended = 0;

  /** @param {Begin['blocks']} [blocks] */
  constructor(blocks) {
    this.blockSize = blocks?.size ?? Infinity;
    /** In one piece: a large blob has many. */
    this.blocks = blocks && Buffer.alloc(blocks.count * DIGEST_SIZE);
  }

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#whole.update(bytes);
    if (!this.blocks) return;
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.blockSize - this.#filled);
      this.#block.update(piece);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.blockSize) this.#endBlock();
    }
  }

  digest() {
    if (this.#filled > 0) this.#endBlock();
    return {
      digest: `sha256:${this.#whole.digest('hex')}`,
      blocks: this.blocks,
    };
  }

  #endBlock() {
    // What comes besides what was promised has no place.
    if (this.blocks)
      this.#block.digest().copy(this.blocks, this.#ended * DIGEST_SIZE);
    this.#ended++;
    this.#block = createHash('sha256');
    this.#filled = 0;
  }
}

/** @type {Map<number, Hasher | Error>} */
const hashers = new Map();

/** @param {Hasher} hasher @param {Range} range */
function feed(hasher, { file, start, end = Infinity }) {
  const descriptor = openSync(file, 'r');
  try {
    for (let at = start; at < end; ) {
      const wanted = Math.min(room.length, end - at);
      const bytesRead = readSync(descriptor, room, 0, wanted, at);
      if (bytesRead === 0) return;
      hasher.update(room.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** @param {Begin | Range | Chunk | End | Forget} message */
function work(message) {
  const { id } = message;
  if ('forget' in message) {
    hashers.delete(id);
    return undefined;
  }
  if ('blocks' in message) {
    hashers.set(id, new Hasher(message.blocks));
    return undefined;
  }
  const hasher = hashers.get(id) ?? new Hasher();
  hashers.set(id, hasher);
  if ('chunk' in message) {
    if (!(hasher instanceof Error)) hasher.update(message.chunk);
    return { id, taken: message.chunk.length };
  }
  if ('ends' in message) {
    hashers.delete(id);
    return hasher instanceof Error
      ? { id, error: hasher.message }
      : { id, ...hasher.digest() };
  }
  if (hasher instanceof Error) return undefined;
  try {
    feed(hasher, message);
  } catch (error) {
    // Told when somebody asks for the digest.
    hashers.set(id, /** @type {Error} */ (error));
  }
  return undefined;
}

parentPort?.on('message', message => {
  const answer = work(message);
  if (answer) parentPort?.postMessage(answer);
});
