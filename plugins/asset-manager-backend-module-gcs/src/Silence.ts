import type { ReadableStream } from 'node:stream/web';

/** Breaks a request off on which nothing has come for too long. */
export class Silence {
  readonly #aborting = new AbortController();
  readonly #patience: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(patience: number) {
    this.#patience = patience;
  }

  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  /** Waits for something, for as long as patience lasts. */
  async waitFor<T>(work: Promise<T>): Promise<T> {
    this.#timer = setTimeout(
      () =>
        this.#aborting.abort(
          new DOMException(
            `the bucket said nothing for ${this.#patience} milliseconds`,
            'TimeoutError',
          ),
        ),
      this.#patience,
    );
    try {
      return await work;
    } finally {
      clearTimeout(this.#timer);
    }
  }
}

/** The chunks of a body, each awaited for as long as patience lasts. */
export async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  silence: Silence,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await silence.waitFor(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
