import { formatBytes } from './format';

const REDRAW_MS = 100;
const WIDTH = 12;
/** Seconds over which the rate is taken. */
const WINDOW_S = 5;

/** One line on a terminal that says how far something has come. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #enabled: boolean;
  readonly #samples: { at: number; done: number }[] = [];
  #last = 0;
  #shown = false;

  constructor(stream: NodeJS.WriteStream, enabled: boolean) {
    this.#stream = stream;
    this.#enabled = enabled;
  }

  /**
   * @param done - bytes, or other things that are counted, so far, of `total`
   */
  update(
    label: string,
    done: number,
    total: number,
    note = '',
    unit: 'bytes' | 'items' = 'bytes',
  ): void {
    if (!this.#enabled) return;
    const format = unit === 'bytes' ? formatBytes : formatCount;
    const now = Date.now();
    this.#samples.push({ at: now, done });
    while (now - this.#samples[0].at > WINDOW_S * 1000) this.#samples.shift();
    if (now - this.#last < REDRAW_MS && done < total) return;
    this.#last = now;
    const [first] = this.#samples;
    const seconds = (now - first.at) / 1000;
    const rate = seconds > 0 ? (done - first.done) / seconds : 0;
    const part = total > 0 ? Math.min(1, done / total) : 1;
    const filled = Math.round(part * WIDTH);
    const parts = [
      label.padEnd(10),
      `${format(done)} of ${format(total)}`,
      `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.floor(
        part * 100,
      )} %`,
      rate > 0 ? `${format(rate)}/s` : '',
      rate > 0 && done < total
        ? `${formatDuration((total - done) / rate)} left`
        : '',
      note,
    ];
    const line = parts.filter(Boolean).join('  ');
    this.#stream.write(
      `\r\u001b[K${line.slice(
        0,
        Math.max(20, (this.#stream.columns || 80) - 1),
      )}`,
    );
    this.#shown = true;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
    this.#samples.length = 0;
    this.#last = 0;
  }
}

function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en');
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
