import { setImmediate } from 'node:timers/promises';

/** Nobody waits longer for their turn. Milliseconds. */
const HOLD = 10;

/**
 * Lets others have their turn in the middle of much work that never waits:
 * small files are read without the thread pool, which takes several times as
 * long as the reading.
 */
export class Breather {
  #since = performance.now();

  async breathe(): Promise<void> {
    if (performance.now() - this.#since < HOLD) return;
    await setImmediate();
    this.#since = performance.now();
  }
}
