import type { Request, RequestHandler, Response } from 'express';
import {
  AssetName,
  Digest,
  parseDigest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldError, inField } from '../model/FieldError';
import type { Clock, VersionRecord } from '../services/ports';
import type { StorePreference } from '../services/Stores';
import type { CallerResolver } from './CallerResolver';
import { answerOnce, IdempotencyStore } from './idempotency';

/** What all routers need. */
export interface RouterContext {
  callers: CallerResolver;
  idempotency: IdempotencyStore;
  now: Clock;
}

/**
 * A route that creates something, and does so once however often it is asked.
 *
 * @param status - 202 for what is only ordered
 */
export function creating(
  context: RouterContext,
  create: (caller: Caller, req: Request) => Promise<object>,
  status: 201 | 202 = 201,
): RequestHandler {
  const { callers, idempotency: store, now } = context;
  return async (req, res) => {
    const caller = await callers.resolve(req);
    await answerOnce({
      store,
      now,
      caller,
      req,
      res,
      work: async () => ({ status, body: await create(caller, req) }),
    });
  };
}

/**
 * For the thousands of requests of a push: who has left a group is found out
 * within seconds, and anew by the commit.
 */
export const PART_OF_AN_UPLOAD = { fresh: false } as const;

export function nameOf(req: Request): AssetName {
  return { namespace: req.params.namespace, name: req.params.name };
}

export function limitOf(req: Request, preset: number): number {
  return req.query.limit === undefined ? preset : Number(req.query.limit);
}

export function cursorOf(req: Request): string | undefined {
  return req.query.cursor as string | undefined;
}

/** How many bytes the request carries. */
export function lengthOf(req: Request): number {
  const text = req.header('content-length');
  const length = Number(text);
  if (text === undefined || !Number.isSafeInteger(length) || length < 0) {
    throw new FieldError(
      'Content-Length',
      'the request has to say how many bytes it carries',
    );
  }
  return length;
}

/** The digest in the address. */
export function digestParam(req: Request): Digest {
  return inField('digest', () => parseDigest(req.params.digest));
}

/** Which copy the request would have; see `StorePreference`. */
export function preferenceOf(req: Request): StorePreference {
  return {
    prefer: listOf(req.query.prefer) ?? [],
    without: listOf(req.query.without) ?? [],
  };
}

/** A query parameter that may stand several times. */
export function listOf(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

/**
 * Says how long an answer about a version may be kept: for ever when the
 * request named the version itself, not at all when it named an alias.
 */
export function setVersionCaching(
  req: Request,
  res: Response,
  version: VersionRecord,
): void {
  const { selector } = req.params;
  const fixed = selector === version.label || selector === version.digest;
  res.set(
    'Cache-Control',
    fixed
      ? 'private, max-age=31536000, immutable, no-transform'
      : 'private, no-cache, no-transform',
  );
}
