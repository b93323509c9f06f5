/** Wakes whoever follows the changes; what happened is in the change feed. */
export class ChangeSignal {
  readonly #listeners: (() => void)[] = [];

  onRaise(listener: () => void): void {
    this.#listeners.push(listener);
  }

  raise(): void {
    for (const listener of this.#listeners) listener();
  }
}
