import { createHash } from 'node:crypto';
import { Transform, TransformCallback } from 'node:stream';
import { InputError } from '@backstage/errors';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * Lets bytes pass and holds them to what was promised. It fails before it ends,
 * so that whoever reads it never takes wrong bytes for the whole.
 *
 * @throws InputError (as the stream's error) for other bytes than promised
 * @public
 */
export class PromisedBytes extends Transform {
  readonly #size: number;
  readonly #digest: Digest | undefined;
  readonly #hash = createHash('sha256');
  #seen = 0;

  constructor(options: { size: number; digest?: Digest }) {
    super();
    this.#size = options.size;
    this.#digest = options.digest;
  }

  _transform(chunk: Buffer, _: BufferEncoding, callback: TransformCallback) {
    this.#seen += chunk.length;
    if (this.#seen > this.#size) {
      callback(
        new InputError(
          `more bytes came than the ${this.#size} that were promised`,
        ),
      );
      return;
    }
    if (this.#digest) this.#hash.update(chunk);
    callback(null, chunk);
  }

  _flush(callback: TransformCallback) {
    if (this.#seen !== this.#size) {
      callback(
        new InputError(
          `${this.#seen} bytes came, but ${this.#size} were promised`,
        ),
      );
      return;
    }
    const found: Digest = `sha256:${this.#hash.digest('hex')}`;
    if (this.#digest && found !== this.#digest) {
      callback(
        new InputError(
          `the bytes have the digest ${found}, but ${
            this.#digest
          } was promised`,
        ),
      );
      return;
    }
    callback();
  }
}
