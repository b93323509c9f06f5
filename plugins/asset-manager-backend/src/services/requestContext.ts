import { AsyncLocalStorage } from 'node:async_hooks';

/** Which request something is done for. */
export interface RequestContext {
  /** Method and path. */
  request: string;
  /** Who sent it, once that is known. */
  actor?: string;
  /** The service or token that the actor acts through. */
  via?: string;
}

/**
 * The request that is being answered. Nothing decides by it: it is written into the
 * audit trail, beside what is told to it explicitly.
 */
export const requestContext = new AsyncLocalStorage<RequestContext>();
