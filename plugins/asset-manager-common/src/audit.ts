import type { JsonObject } from '@backstage/types';
import { Digest, digestOf } from './digest';

/** @public */
export type AuditOutcome = 'succeeded' | 'denied';

/**
 * That somebody changed something, or tried to and was not allowed to.
 *
 * @public
 */
export interface AuditEvent {
  id: string;
  /** ISO 8601, UTC, with milliseconds. */
  at: string;
  /** Entity reference of a person, the name of a service, or what acted by itself. */
  actor: string;
  /** The service or token that the actor acted through, where there was one. */
  via?: string;
  /** e.g. `version.moved`; for what was denied, the operation of the HTTP API. */
  action: string;
  outcome: AuditOutcome;
  /** What it was done to, e.g. `models/basecaller@4`, `type:ml-model` or `grant:01k…`. */
  object: string;
  /** Of the version, where it is about one. */
  digest?: Digest;
  /** What it was before, as far as that changed. */
  old?: JsonObject;
  /** What it is now. */
  new?: JsonObject;
  reason?: string;
  /** The rules that it was judged by. */
  rules?: { type: string; revision: number };
  /** Method and path. */
  request?: string;
}

/**
 * An event with its place in the chain, which it has some seconds after it was written.
 *
 * @public
 */
export interface RecordedAuditEvent {
  event: AuditEvent;
  seal?: AuditSeal;
}

/** @public */
export interface AuditSeal {
  /** From 1, without gaps. */
  sequence: number;
  /** SHA-256 over the sequence number, the hash before, and the event as canonical JSON (RFC 8785), with line feeds between. */
  hash: Digest;
  /** ISO 8601, UTC. */
  sealedAt: string;
}

/**
 * A signature over how far the chain had come.
 *
 * @public
 */
export interface AuditCheckpoint {
  sequence: number;
  hash: Digest;
  /** ISO 8601, UTC. */
  at: string;
  /** Ed25519, as the base64 of its SubjectPublicKeyInfo. */
  publicKey: string;
  /** Over `checkpointText`, in base64. */
  signature: string;
}

/**
 * A line of an exported audit trail (newline-delimited JSON): the events in the order
 * of the chain, each checkpoint after the event that it is about, then what is not
 * sealed yet, and an end.
 *
 * @public
 */
export type AuditLine =
  | { kind: 'begin'; format: 'baseasset-audit/1'; exportedAt: string }
  | ({ kind: 'event'; event: AuditEvent } & AuditSeal)
  | ({ kind: 'checkpoint' } & AuditCheckpoint)
  | { kind: 'unsealed'; event: AuditEvent }
  | { kind: 'end'; events: number };

/** What the chain begins with. @public */
export const FIRST_HASH: Digest = `sha256:${'0'.repeat(64)}`;

/**
 * The hash of an event in the chain.
 *
 * @param content - the event as canonical JSON
 * @param digest - a faster SHA-256, where there is one
 * @public
 */
export function chainHash(
  sequence: number,
  before: Digest,
  content: string,
  digest: (text: string) => Digest = digestOf,
): Digest {
  return digest(`${sequence}\n${before}\n${content}`);
}

/** What a checkpoint signs. @public */
export function checkpointText({
  sequence,
  hash,
  at,
}: Pick<AuditCheckpoint, 'sequence' | 'hash' | 'at'>): string {
  return `baseasset-audit/1\n${sequence}\n${hash}\n${at}\n`;
}

/** What is wrong with a trail. @public */
export interface AuditFinding {
  /** Where in the chain, if it is about one place. */
  sequence?: number;
  message: string;
}

/** What came of verifying a trail. @public */
export interface AuditVerification {
  /** Whether nothing was found. */
  intact: boolean;
  sealed: number;
  unsealed: number;
  checkpoints: number;
  /** How far the chain goes. */
  head?: { sequence: number; hash: Digest };
  /** Public keys of the checkpoints. */
  keys: string[];
  findings: AuditFinding[];
}

/**
 * How an outgoing webhook fares.
 *
 * @public
 */
export interface WebhookStatus {
  name: string;
  /** Where it is sent, without the path. */
  origin: string;
  /** Events whose actions begin so; all when left out. */
  actions?: string[];
  /** How many events of the trail it has not dealt with. */
  behind: number;
  /** Failed tries of the next one. */
  attempts: number;
  /** When it is tried again. ISO 8601, UTC. */
  nextAt?: string;
  lastError?: string;
  /** What it did not take, oldest first. */
  deadLetters: {
    /** Of the event in the trail. */
    sequence: number;
    /** ISO 8601, UTC. */
    at: string;
    error: string;
  }[];
}
