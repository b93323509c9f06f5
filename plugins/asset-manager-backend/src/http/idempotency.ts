import { createHash } from 'node:crypto';
import { ServiceUnavailableError } from '@backstage/errors';
import type { Request, Response } from 'express';
import type { Caller } from '../model/caller';
import type { Clock } from '../services/ports';
import { FieldError } from '../model/FieldError';

const PENDING = 0;
/** A request that has no answer after this long was cut off with its backend. */
const PENDING_MS = 10 * 60_000;

/** What was answered to a create that carried a key. */
export interface RememberedAnswer {
  key: string;
  subject: string;
  /** SHA-256 of method, address and body. */
  request: string;
  status: number;
  body: string;
  createdAt: string;
}

export interface IdempotencyStore {
  /** Takes the key, or gives back who has it. */
  claim(answer: RememberedAnswer): Promise<RememberedAnswer | undefined>;
  answer(answer: RememberedAnswer): Promise<void>;
  forget(subject: string, key: string): Promise<void>;
  removeOlderThan(time: string): Promise<void>;
}

/**
 * Answers a create, and where the request carries an `Idempotency-Key` answers
 * the same request the same way when it comes again.
 *
 * @throws ServiceUnavailableError while the first of two such requests is being answered
 * @throws FieldError when the key was used for another request
 */
export async function answerOnce(options: {
  store: IdempotencyStore;
  now: Clock;
  caller: Caller;
  req: Request;
  res: Response;
  work: () => Promise<{ status: number; body: object }>;
}): Promise<void> {
  const { store, now, caller, req, res, work } = options;
  const key = req.header('idempotency-key');
  if (key === undefined) {
    const { status, body } = await work();
    res.status(status).json(body);
    return;
  }
  if (key.length === 0 || key.length > 255) {
    throw new FieldError(
      'Idempotency-Key',
      'the key has to have 1 to 255 characters',
    );
  }
  const claim: RememberedAnswer = {
    key,
    subject: caller.subject,
    request: createHash('sha256')
      .update(JSON.stringify([req.method, req.path, req.body]))
      .digest('hex'),
    status: PENDING,
    body: '',
    createdAt: now(),
  };
  let standing = await store.claim(claim);
  if (
    standing?.status === PENDING &&
    Date.parse(claim.createdAt) - Date.parse(standing.createdAt) > PENDING_MS
  ) {
    await store.forget(caller.subject, key);
    standing = await store.claim(claim);
  }
  if (standing) {
    if (standing.request !== claim.request) {
      throw new FieldError(
        'Idempotency-Key',
        'the key was used for another request',
      );
    }
    if (standing.status === PENDING) {
      throw new ServiceUnavailableError(
        'the same request is being answered; ask again in a moment',
      );
    }
    res.status(standing.status).type('application/json').send(standing.body);
    return;
  }
  const { status, body } = await work().catch(async error => {
    await store.forget(caller.subject, key);
    throw error;
  });
  const text = JSON.stringify(body);
  await store.answer({ ...claim, status, body: text });
  res.status(status).type('application/json').send(text);
}
