import { isTransient } from './AssetManagerError';

/**
 * How often and how patiently something is tried again.
 *
 * @public
 */
export interface RetryOptions {
  /** All tries together. 6 when left out. */
  attempts?: number;
  /** Milliseconds before the second try; doubled for each more, with jitter. 200 when left out. */
  delay?: number;
  signal?: AbortSignal;
}

const LONGEST_MS = 30_000;

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/**
 * Tries until it succeeds, fails for good, or was tried often enough.
 *
 * @public
 */
export async function retry<T>(
  work: () => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { attempts = 6, delay = 200, signal } = options;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
      // Full jitter, so that many who failed together do not come back together.
      const longest = Math.min(delay * 2 ** attempt, LONGEST_MS);
      await pause(Math.random() * longest, signal);
    }
  }
}
