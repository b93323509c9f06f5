import {
  AuditCheckpoint,
  AuditFinding,
  AuditSeal,
  AuditVerification,
  chainHash,
  checkpointText,
  FIRST_HASH,
} from './audit';
import type { Digest } from './digest';

/** Seconds after which an event ought to be sealed. */
const SEALED_WITHIN_MS = 10 * 60_000;
const MOST_FINDINGS = 100;

/**
 * Walks along an audit trail and finds what was changed, removed, put in or cut off.
 * Give it everything in order, then ask for the `result`.
 *
 * @public
 */
export class AuditVerifier {
  readonly #anchors: Map<number, AuditCheckpoint>;
  readonly #trusted: string | undefined;
  readonly #digest: ((text: string) => Digest) | undefined;
  readonly #findings: AuditFinding[] = [];
  readonly #keys = new Set<string>();
  readonly #pending: Promise<void>[] = [];
  #count = 0;
  #unsealed = 0;
  #checkpoints = 0;
  #last: Digest = FIRST_HASH;
  #sequence = 0;
  /** How far the signatures go that count. */
  #signed = 0;

  /**
   * @param options.anchors - checkpoints that were kept elsewhere
   * @param options.publicKey - the only one whose signatures count; any when left out
   * @param options.digest - a faster SHA-256, where there is one
   */
  constructor(
    options: {
      anchors?: readonly AuditCheckpoint[];
      publicKey?: string;
      digest?: (text: string) => Digest;
    } = {},
  ) {
    this.#anchors = new Map(
      (options.anchors ?? []).map(anchor => [anchor.sequence, anchor]),
    );
    this.#trusted = options.publicKey;
    this.#digest = options.digest;
  }

  /** @param content - the event as canonical JSON; undefined when the event is not there */
  addEvent(seal: AuditSeal, content: string | undefined): void {
    const { sequence, hash } = seal;
    if (sequence !== this.#sequence + 1)
      this.#complain(
        `the chain goes from ${
          this.#sequence
        } to ${sequence}: something between was removed or put in`,
        sequence,
      );
    if (content === undefined)
      this.#complain('the event was removed', sequence);
    else if (chainHash(sequence, this.#last, content, this.#digest) !== hash)
      this.#complain('the event, or one before, was changed', sequence);
    this.#sequence = sequence;
    this.#last = hash;
    this.#count++;
    const anchor = this.#anchors.get(sequence);
    if (anchor) {
      if (anchor.hash !== hash)
        this.#complain(
          'the chain is another one than when it was anchored',
          sequence,
        );
      this.#anchors.delete(sequence);
      this.#verify(anchor, 'anchor');
    }
  }

  /** After the event that it is about. */
  addCheckpoint(checkpoint: AuditCheckpoint): void {
    this.#checkpoints++;
    const { sequence, hash, publicKey } = checkpoint;
    this.#keys.add(publicKey);
    if (sequence !== this.#sequence)
      this.#complain(
        `there is a checkpoint of ${sequence}, and the chain ends before`,
        sequence,
      );
    else if (hash !== this.#last)
      this.#complain(
        'the chain is another one than when it was signed',
        sequence,
      );
    else if (this.#trusted === undefined || publicKey === this.#trusted)
      this.#signed = sequence;
    this.#verify(checkpoint, 'checkpoint');
  }

  /** An event that is not sealed yet, in the order of its writing. */
  addUnsealed(event: { id: string; at: string }, now: string): void {
    this.#unsealed++;
    if (Date.parse(now) - Date.parse(event.at) > SEALED_WITHIN_MS)
      this.#complain(
        `the event ${event.id} of ${event.at} is not sealed: it was put in, or nothing seals`,
      );
  }

  /** Something that whoever reads the trail has found. */
  complain(message: string): void {
    this.#complain(message);
  }

  async result(): Promise<AuditVerification> {
    await Promise.all(this.#pending);
    for (const { sequence } of this.#anchors.values())
      this.#complain(
        `the chain was anchored at ${sequence}, and ends at ${
          this.#sequence
        }: it was cut off`,
        sequence,
      );
    this.#anchors.clear();
    if (this.#signed < this.#sequence)
      this.#complain(
        this.#signed === 0
          ? 'nothing of it is signed: anybody could have made it'
          : `what comes after ${
              this.#signed
            } is not signed: anybody could have made it`,
      );
    return {
      intact: this.#findings.length === 0,
      sealed: this.#count,
      unsealed: this.#unsealed,
      checkpoints: this.#checkpoints,
      head:
        this.#sequence > 0
          ? { sequence: this.#sequence, hash: this.#last }
          : undefined,
      keys: [...this.#keys],
      findings: this.#findings,
    };
  }

  #verify(checkpoint: AuditCheckpoint, what: string): void {
    const { sequence, publicKey } = checkpoint;
    if (this.#trusted !== undefined && publicKey !== this.#trusted)
      this.#complain(`the ${what} is signed by another key`, sequence);
    this.#pending.push(
      isSigned(checkpoint).then(right => {
        if (!right)
          this.#complain(`the signature of the ${what} is wrong`, sequence);
      }),
    );
  }

  #complain(message: string, sequence?: number): void {
    if (this.#findings.length < MOST_FINDINGS)
      this.#findings.push({ sequence, message });
  }
}

async function isSigned(checkpoint: AuditCheckpoint): Promise<boolean> {
  const bytes = (text: string) =>
    Uint8Array.from(atob(text), character => character.charCodeAt(0));
  try {
    const key = await crypto.subtle.importKey(
      'spki',
      bytes(checkpoint.publicKey),
      { name: 'Ed25519' },
      false,
      ['verify'],
    );
    return await crypto.subtle.verify(
      { name: 'Ed25519' },
      key,
      bytes(checkpoint.signature),
      new TextEncoder().encode(checkpointText(checkpoint)),
    );
  } catch {
    return false;
  }
}
