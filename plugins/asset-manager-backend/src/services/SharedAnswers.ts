import { LRUCache } from 'lru-cache';

/** An answer may be this old where it does not have to be fresh. */
const FRESH_MS = 5_000;
/** Answers that are kept. */
const KEPT = 10_000;

interface Answer<T> {
  /** When the lookup began, by the clock that only goes forward. */
  at: number;
  value: Promise<T>;
  isPending: boolean;
  /** The lookup after this one, for those who ask while this one is on its way. */
  next?: Promise<T>;
}

/**
 * Answers from elsewhere, kept for some seconds. Who needs a fresh one gets one
 * whose lookup began after it asked; all who wait share that lookup, so that a
 * thousand requests of one person don't become a thousand lookups.
 */
export class SharedAnswers<T> {
  readonly #answers = new LRUCache<string, Answer<T>>({ max: KEPT });

  /**
   * @param look - asks for the answer; of those who wait, the first one's is called
   * @param options.fresh - whether an answer that is known already is not enough
   */
  get(
    key: string,
    look: () => Promise<T>,
    options: { fresh?: boolean } = {},
  ): Promise<T> {
    const known = this.#answers.get(key);
    if (!known) return this.#begin(key, look);
    if (!options.fresh && performance.now() - known.at < FRESH_MS)
      return known.value;
    if (!known.isPending) return this.#begin(key, look);
    known.next ??= known.value.then(
      () => this.#begin(key, look),
      () => this.#begin(key, look),
    );
    return known.next;
  }

  /** Forgets all; who is told something that is on its way is told that. */
  clear(): void {
    this.#answers.clear();
  }

  #begin(key: string, look: () => Promise<T>): Promise<T> {
    const answer: Answer<T> = {
      at: performance.now(),
      value: look(),
      isPending: true,
    };
    this.#answers.set(key, answer);
    answer.value.then(
      () => {
        answer.isPending = false;
      },
      () => {
        if (this.#answers.get(key) === answer) this.#answers.delete(key);
      },
    );
    return answer.value;
  }
}
