/** How far a webhook has come. */
export interface WebhookState {
  name: string;
  /** In the chain of the audit trail: the last one that was dealt with. */
  position: number;
  /** At the next one. */
  attempts: number;
  /** Not before this time. ISO 8601, UTC. */
  nextAt?: string;
  lastError?: string;
}

/** What a webhook did not take. */
export interface DeadLetter {
  sequence: number;
  /** ISO 8601, UTC. */
  at: string;
  error: string;
}

export interface WebhookStore {
  find(name: string): Promise<WebhookState | undefined>;
  put(state: WebhookState): Promise<void>;
  /** Oldest first. */
  deadLetters(webhook: string, limit: number): Promise<DeadLetter[]>;
  bury(webhook: string, letter: DeadLetter): Promise<void>;
  /** @returns whether it was there */
  forget(webhook: string, sequence: number): Promise<boolean>;
  /** @returns false when it was heard before */
  hear(signature: string, at: string): Promise<boolean>;
  forgetHeard(before: string): Promise<void>;
}
