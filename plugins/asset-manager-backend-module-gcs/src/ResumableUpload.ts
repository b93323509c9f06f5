import { setTimeout as pause } from 'node:timers/promises';
import type { Bucket } from '@google-cloud/storage';
import { authorizationOf } from './authorizationOf';
import { requestOf } from './requestOf';

const ATTEMPTS = 6;

/** What the bucket said, and how much of the object it has. */
interface Progress {
  /** Bytes; all of them when it is done. */
  received: number;
  /** Present when the object stands. */
  object?: { crc32c?: string };
}

/**
 * An object that is sent in one stream, piece after piece. A piece that fails in
 * the middle goes on with the byte that the bucket lacks. The library's own
 * stream waits for ever for a bucket that says nothing.
 *
 * Source: Google Cloud Storage, "Resumable uploads".
 */
export class ResumableUpload {
  readonly #bucket: Bucket;
  readonly #name: string;
  readonly #size: number;
  readonly #firstDelay: number;
  readonly #patience: number;
  /** Whoever holds it can write the object: it must never reach a log or an error. */
  #session: string | undefined;

  /**
   * @param options.size - of the whole object, in bytes
   * @param options.firstDelay - milliseconds before the second try; doubled for each more
   * @param options.patience - milliseconds that nothing may move on the line
   */
  constructor(options: {
    bucket: Bucket;
    name: string;
    size: number;
    firstDelay: number;
    patience: number;
  }) {
    this.#bucket = options.bucket;
    this.#name = options.name;
    this.#size = options.size;
    this.#firstDelay = options.firstDelay;
    this.#patience = options.patience;
  }

  /** @returns false when the object stands already */
  async begin(): Promise<boolean> {
    const { storage, name } = this.#bucket;
    const query = new URLSearchParams({
      uploadType: 'resumable',
      name: this.#name,
      ifGenerationMatch: '0',
    });
    const url = `${storage.apiEndpoint}/upload/storage/v1/b/${name}/o?${query}`;
    for (let attempt = 1; ; attempt++) {
      const response = await requestOf(url, {
        method: 'POST',
        patience: this.#patience,
        headers: {
          ...(await authorizationOf(storage, url)),
          'Content-Type': 'application/json',
          'X-Upload-Content-Length': `${this.#size}`,
          'X-Upload-Content-Type': 'application/octet-stream',
        },
        body: '{}',
      });
      if (response?.status === 412) return false;
      const { location } = response?.headers ?? {};
      if (response && response.status < 300 && location) {
        this.#session = location;
        return true;
      }
      await this.#waitAfter(attempt, response?.status);
    }
  }

  /**
   * Sends the next piece, of a multiple of 256 KiB unless it is the last one.
   *
   * @returns what the bucket says of the object after the last piece, with its
   *   CRC32C; `exists` when somebody else was faster
   */
  async send(
    piece: Buffer,
    offset: number,
  ): Promise<{ crc32c?: string } | 'exists' | undefined> {
    const end = offset + piece.length;
    let received = offset;
    for (let attempt = 1; ; attempt++) {
      const said = await this.#put(piece.subarray(received - offset), received);
      if (said === 'exists') return said;
      if (typeof said === 'object') {
        if (said.object) return said.object;
        if (said.received === end) return undefined;
        if (said.received < received || said.received > end)
          throw new Error(
            `the bucket has ${said.received} bytes of ${
              this.#name
            }, and was sent ${end}`,
          );
        // What has come to it counts: the line is bad, and not dead.
        if (said.received > received) attempt = 0;
        received = said.received;
        continue;
      }
      await this.#waitAfter(attempt, said);
      const state = await this.#ask();
      if (state === 'exists') return state;
      if (state?.object) return state.object;
      if (state) {
        if (state.received < offset || state.received > end)
          throw new Error(
            `the bucket has ${state.received} bytes of ${
              this.#name
            }, and was sent ${end}`,
          );
        received = state.received;
        if (received === end) return undefined;
      }
    }
  }

  /** Forgets what was sent of an object that is not to be. */
  async abandon(): Promise<void> {
    if (this.#session)
      await requestOf(this.#session, {
        method: 'DELETE',
        patience: this.#patience,
      });
  }

  /** @returns what the bucket has now; else its status, or undefined when nothing came */
  #put(
    bytes: Buffer,
    start: number,
  ): Promise<Progress | 'exists' | number | undefined> {
    return this.#asProgress(
      `bytes ${start}-${start + bytes.length - 1}/${this.#size}`,
      bytes,
    );
  }

  async #ask(): Promise<Progress | 'exists' | undefined> {
    const said = await this.#asProgress(`bytes */${this.#size}`);
    return typeof said === 'number' ? undefined : said;
  }

  async #asProgress(
    range: string,
    body?: Buffer,
  ): Promise<Progress | 'exists' | number | undefined> {
    const response = await requestOf(this.#session!, {
      method: 'PUT',
      headers: { 'Content-Range': range },
      body,
      patience: this.#patience,
    });
    if (!response) return undefined;
    if (response.status === 412) return 'exists';
    if (response.status >= 200 && response.status < 300)
      return { received: this.#size, object: JSON.parse(response.text) };
    if (response.status !== 308) return response.status;
    const last = /^bytes=0-(\d+)$/.exec(response.headers.range ?? '');
    return { received: last ? Number(last[1]) + 1 : 0 };
  }

  /** @throws Error when it was tried often enough, or there is no use in it */
  async #waitAfter(attempt: number, status: number | undefined): Promise<void> {
    const isTransient =
      status === undefined || status >= 500 || [408, 429].includes(status);
    if (!isTransient || attempt >= ATTEMPTS)
      throw new Error(
        `the bucket did not take ${this.#name}: ${
          status === undefined ? 'it said nothing' : `it answered ${status}`
        }`,
      );
    await pause(Math.random() * this.#firstDelay * 2 ** attempt);
  }
}
