import { createHash } from 'node:crypto';
import {
  BLOCK_DIGEST_SIZE,
  BLOCK_SIZE,
  countBlocks,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** Makes the digest of a blob, and those of its blocks, while its bytes pass. */
export class BlockHasher {
  readonly #whole = createHash('sha256');
  /** In one piece: a large blob has many. */
  readonly #blocks: Buffer;
  #count = 0;
  #block = createHash('sha256');
  /** Bytes of the block that is not full yet. */
  #filled = 0;

  /** @param size - what the blob should have, in bytes; what comes besides has no blocks */
  constructor(size: number) {
    this.#blocks = Buffer.alloc(countBlocks(size) * BLOCK_DIGEST_SIZE);
  }

  update(chunk: Buffer): void {
    this.#whole.update(chunk);
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + BLOCK_SIZE - this.#filled);
      this.#block.update(piece);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === BLOCK_SIZE) this.#endBlock();
    }
  }

  /** Ends it: the digest of all, and those of the blocks behind each other. */
  digest(): { digest: Digest; blocks: Buffer } {
    if (this.#filled > 0) this.#endBlock();
    return {
      digest: `sha256:${this.#whole.digest('hex')}`,
      blocks: this.#blocks,
    };
  }

  #endBlock(): void {
    this.#block.digest().copy(this.#blocks, this.#count * BLOCK_DIGEST_SIZE);
    this.#count++;
    this.#block = createHash('sha256');
    this.#filled = 0;
  }
}
