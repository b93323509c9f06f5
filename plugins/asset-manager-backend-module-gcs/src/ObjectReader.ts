import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bucket, Storage } from '@google-cloud/storage';
import { isError, NotFoundError } from '@backstage/errors';
import type { ByteRange } from '@baseasset/backstage-plugin-asset-manager-node';
import { authorizationOf } from './authorizationOf';
import { chunksOf, Silence } from './Silence';

const ATTEMPTS = 6;

/**
 * Reads objects by plain requests to the JSON API. The library's own read stream
 * waits for ever when an answer breaks off, and can't begin anew once it was
 * refused.
 */
export class ObjectReader {
  readonly #storage: Storage;
  readonly #bucket: Bucket;
  readonly #firstDelay: number;
  readonly #patience: number;

  /**
   * @param options.firstDelay - milliseconds before the second try; doubled for each more
   * @param options.patience - milliseconds that the bucket may say nothing
   */
  constructor(options: {
    bucket: Bucket;
    firstDelay: number;
    patience: number;
  }) {
    this.#bucket = options.bucket;
    this.#storage = options.bucket.storage;
    this.#firstDelay = options.firstDelay;
    this.#patience = options.patience;
  }

  /**
   * Opens an object. A body that breaks off is an error of the stream, never an
   * early end.
   *
   * @throws NotFoundError when there is none
   */
  async open(name: string, range?: ByteRange): Promise<Readable> {
    const url = `${this.#storage.apiEndpoint}/storage/v1/b/${
      this.#bucket.name
    }/o/${encodeURIComponent(name)}?alt=media`;
    for (let attempt = 1; ; attempt++) {
      let failure: unknown;
      const silence = new Silence(this.#patience);
      try {
        const headers = {
          ...(await authorizationOf(this.#storage, url)),
          ...(range && { Range: `bytes=${range.start}-${range.end}` }),
        };
        const response = await silence.waitFor(
          fetch(url, { signal: silence.signal, headers }),
        );
        if (response.ok) {
          return response.body
            ? Readable.from(
                chunksOf(response.body as ReadableStream, silence),
                { objectMode: false },
              )
            : Readable.from([]);
        }
        await response.body?.cancel();
        if (response.status === 404)
          throw new NotFoundError(`there is no object ${name}`);
        failure = new Error(`the bucket answered ${response.status}`);
        if (response.status < 500 && ![408, 429].includes(response.status))
          throw failure;
      } catch (error) {
        // What fetch itself throws is a line that broke, or one that is dead.
        if (
          !isError(error) ||
          !['TypeError', 'TimeoutError'].includes(error.name)
        )
          throw error;
        failure = error;
      }
      if (attempt === ATTEMPTS) throw failure;
      await pause(Math.random() * this.#firstDelay * 2 ** attempt);
    }
  }
}
