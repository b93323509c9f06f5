/**
 * A `fetch` that gives up on an answer of which nothing comes for too long, at
 * its begin or in the middle, with the error of a line that broke. What changes
 * something may take as long as it needs to.
 *
 * @param patience - milliseconds
 */
export function impatientFetch(patience: number): typeof fetch {
  return async (input, init = {}) => {
    if ((init.method ?? 'GET') !== 'GET') return fetch(input, init);
    const silence = new AbortController();
    const timer = setTimeout(
      () =>
        silence.abort(
          new TypeError(`nothing came for ${patience / 1000} seconds`),
        ),
      patience,
    );
    const signal = init.signal
      ? AbortSignal.any([init.signal, silence.signal])
      : silence.signal;
    const end = () => clearTimeout(timer);
    try {
      const response = await fetch(input, { ...init, signal });
      if (!response.body) {
        end();
        return response;
      }
      const body = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            timer.refresh();
            controller.enqueue(chunk);
          },
          flush: end,
        }),
      );
      const { status, statusText, headers } = response;
      return new Response(body, { status, statusText, headers });
    } catch (error) {
      end();
      throw error;
    }
  };
}
