import type { BlobRecord, Clock, Repository } from './ports';

interface Waiting {
  assetId: number;
  blobs: readonly BlobRecord[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Writes down which blobs have arrived. Those that arrive while others are
 * being written go into the database together, in one statement: with many
 * small files the rows would otherwise cost more than the bytes.
 */
export class BlobRecorder {
  readonly #repository: Repository;
  readonly #now: Clock;
  #queue: Waiting[] = [];
  #running = false;

  constructor(options: { repository: Repository; now: Clock }) {
    this.#repository = options.repository;
    this.#now = options.now;
  }

  /** Resolves when the rows are durable. */
  record(assetId: number, blobs: readonly BlobRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ assetId, blobs, resolve, reject });
      if (!this.#running) this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const byAsset = new Map<number, Waiting[]>();
      for (const each of batch) {
        byAsset.set(each.assetId, [...(byAsset.get(each.assetId) ?? []), each]);
      }
      for (const [assetId, waiting] of byAsset) {
        try {
          await this.#repository.blobs.add(
            assetId,
            waiting.flatMap(each => each.blobs),
            this.#now(),
          );
          for (const each of waiting) each.resolve();
        } catch (error) {
          for (const each of waiting) each.reject(error);
        }
      }
    }
    this.#running = false;
  }
}
