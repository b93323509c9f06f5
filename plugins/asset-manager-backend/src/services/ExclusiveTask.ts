import type { Clock, LeaseStore } from './ports';

const LEASE_MS = 30_000;
const HEARTBEAT_MS = 8_000;

/**
 * Work that one process of all replicas does at a time, however long it takes.
 * A process that dies is succeeded within half a minute: the scheduler's own
 * lock would keep everybody out for as long as the work may take.
 */
export class ExclusiveTask {
  readonly #leases: LeaseStore;
  readonly #name: string;
  readonly #holder: string;
  readonly #now: Clock;
  readonly #work: (signal: AbortSignal) => Promise<void>;

  constructor(options: {
    leases: LeaseStore;
    name: string;
    /** Names this process among all. */
    holder: string;
    now: Clock;
    work: (signal: AbortSignal) => Promise<void>;
  }) {
    this.#leases = options.leases;
    this.#name = options.name;
    this.#holder = options.holder;
    this.#now = options.now;
    this.#work = options.work;
  }

  /** Does the work, or nothing while another process does it. */
  async run(signal: AbortSignal): Promise<void> {
    if (!(await this.#take())) return;
    const lost = new AbortController();
    const heartbeat = setInterval(() => {
      this.#take().then(
        kept => {
          if (!kept)
            lost.abort(new Error('another process has taken over the task'));
        },
        // The database may answer the next time; the lease has some beats to live.
        () => {},
      );
    }, HEARTBEAT_MS);
    try {
      await this.#work(AbortSignal.any([signal, lost.signal]));
    } finally {
      clearInterval(heartbeat);
      await this.#leases.drop(this.#name, this.#holder);
    }
  }

  #take(): Promise<boolean> {
    const now = this.#now();
    return this.#leases.take({
      name: this.#name,
      holder: this.#holder,
      now,
      until: new Date(Date.parse(now) + LEASE_MS).toISOString(),
    });
  }
}
