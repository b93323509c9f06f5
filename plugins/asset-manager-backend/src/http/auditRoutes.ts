import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Request, Router } from 'express';
import {
  AuditOutcome,
  readIsoTime,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from '../model/FieldError';
import type { AuditFilter } from '../services/auditPorts';
import type { AuditService } from '../services/AuditService';
import { cursorOf, limitOf, nameOf, RouterContext } from './requests';

const PAGE = 50;

/** Who changed what, and the proof that all of it is there. */
export function addAuditRoutes(
  router: Router,
  context: RouterContext & { audit: AuditService },
): void {
  const { audit, callers } = context;

  router.get('/audit/events', async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await audit.list(caller, filterOf(req), pageOf(req)));
  });

  router.get('/audit/export', async (req, res) => {
    const lines = audit.export(await callers.resolve(req));
    // The first one says whether the caller may have any.
    const iterator = lines[Symbol.asyncIterator]();
    const first = await iterator.next();
    res.set('Cache-Control', 'no-store').type('application/x-ndjson');
    res.write(first.value);
    await pipeline(
      Readable.from({ [Symbol.asyncIterator]: () => iterator }),
      res,
    );
  });

  router.get('/audit/verification', async (req, res) => {
    res.json(await audit.verify(await callers.resolve(req)));
  });

  router.post('/audit/checkpoints', async (req, res) => {
    const checkpoint = await audit.checkpoint(await callers.resolve(req));
    res.status(201).json({ checkpoint });
  });

  router.get('/assets/:namespace/:name/events', async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(
      await audit.ofAsset(caller, nameOf(req), filterOf(req), pageOf(req)),
    );
  });
}

function pageOf(req: Request) {
  return { cursor: cursorOf(req), limit: limitOf(req, PAGE) };
}

function filterOf({ query }: Request): AuditFilter {
  const text = (name: string) =>
    query[name] === undefined ? undefined : String(query[name]);
  return {
    actor: text('actor'),
    action: text('action'),
    outcome: text('outcome') as AuditOutcome | undefined,
    since: timeOf('since', text('since')),
    until: timeOf('until', text('until')),
  };
}

/** @throws FieldError when it is no time */
function timeOf(field: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = readIsoTime(text);
  if (time === undefined)
    throw new FieldError(field, `${field} has to be a time, in ISO 8601`);
  return time;
}
