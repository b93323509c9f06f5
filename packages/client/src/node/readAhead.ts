/** A part of a file; both ends included, as in HTTP. */
export interface Range {
  start: number;
  end: number;
}

/** Bytes that one request of a read-ahead brings. */
export const RANGE_BYTES = 8 * 1024 * 1024;

/** How many ranges are held in memory at once, whoever reads. */
export class Permits {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** @returns whether there was one */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>(resolve => {
      this.#waiting.push(resolve);
    });
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/**
 * Reads a file from an offset on by several requests at once, and gives the
 * bytes in order: one connection to a bucket is far slower than the line.
 *
 * @param options.size - of the whole file, in bytes
 * @param options.read - brings a range whole, or throws
 * @throws what the first range throws that can't be read
 */
export async function* readAhead(options: {
  start: number;
  size: number;
  rangeBytes: number;
  permits: Permits;
  /** Requests of this reader at once. */
  hands: number;
  read: (range: Range, signal: AbortSignal) => Promise<readonly Buffer[]>;
}): AsyncGenerator<Buffer> {
  const { start, size, rangeBytes, permits, hands, read } = options;
  const stop = new AbortController();
  const ahead: Promise<readonly Buffer[]>[] = [];
  let held = 0;
  let next = start;
  const begin = () => {
    const range = { start: next, end: Math.min(next + rangeBytes, size) - 1 };
    next = range.end + 1;
    held++;
    const chunks = read(range, stop.signal);
    // It is awaited in its turn; until then nobody has to hear of it.
    chunks.catch(() => {});
    ahead.push(chunks);
  };
  try {
    while (next < size || ahead.length > 0) {
      if (ahead.length === 0) {
        await permits.take();
        begin();
      }
      // Whoever waited for more while holding some might wait for ever.
      while (ahead.length < hands && next < size && permits.tryTake()) begin();
      yield* await ahead.shift()!;
      permits.give();
      held--;
    }
  } finally {
    stop.abort();
    for (; held > 0; held--) permits.give();
  }
}
