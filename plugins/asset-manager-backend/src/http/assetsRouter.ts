import type { Router } from 'express';
import type {
  AssetQuery,
  UpdateAssetRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from '../model/FieldError';
import { AssetService, readEntityRef } from '../services/AssetService';
import { readTime } from '../services/selectors';
import type { AuditService } from '../services/AuditService';
import type { OperatorService } from '../services/OperatorService';
import {
  creating,
  cursorOf,
  limitOf,
  listOf,
  nameOf,
  RouterContext,
} from './requests';

function queryOf(query: Record<string, unknown>): AssetQuery {
  return {
    text: query.text as string | undefined,
    namespace: listOf(query.namespace),
    type: listOf(query.type),
    owner: listOf(query.owner)?.map(owner =>
      readEntityRef('owner', owner, 'group'),
    ),
    tag: listOf(query.tag),
    visibility: listOf(query.visibility) as AssetQuery['visibility'],
    sort: query.sort as AssetQuery['sort'],
    asOf: query.asOf === undefined ? undefined : readTime(String(query.asOf)),
  };
}

/** `"<uid>.<revision>"` to the revision. */
function revisionOf(etag: string | undefined): number | undefined {
  if (etag === undefined || etag === '*') return undefined;
  const revision = Number(/\.(\d+)"$/.exec(etag)?.[1]);
  if (!Number.isSafeInteger(revision)) {
    throw new FieldError(
      'If-Match',
      'it has to be the etag of the asset as it was given',
    );
  }
  return revision;
}

/** Routes of the noun `assets`. */
export function addAssetRoutes(
  router: Router,
  context: RouterContext & {
    assets: AssetService;
    operator: OperatorService;
    audit: AuditService;
  },
): void {
  const { assets, operator, audit, callers } = context;

  router.get('/whoami', async (req, res) => {
    const caller = await callers.resolve(req);
    const { subject, kind, ownershipEntityRefs, administrator } = caller;
    res.json({
      subject,
      kind,
      ownershipEntityRefs,
      operator: operator.includes(caller),
      administrator,
      auditor: audit.includes(caller),
      viewedBy: caller.viewedBy,
    });
  });

  router.get('/assets', async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(
      await assets.list(caller, {
        query: queryOf(req.query),
        limit: limitOf(req, 50),
        cursor: cursorOf(req),
      }),
    );
  });

  router.get('/facets', async (req, res) => {
    res.json(
      await assets.facets(await callers.resolve(req), queryOf(req.query)),
    );
  });

  router.post(
    '/assets',
    creating(context, (caller, req) => assets.create(caller, req.body)),
  );

  router.get('/assets/:namespace/:name', async (req, res) => {
    const asset = await assets.get(await callers.resolve(req), nameOf(req));
    res.set('Cache-Control', 'private, no-cache').json(asset);
  });

  router.patch('/assets/:namespace/:name', async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(
      await assets.update(
        caller,
        nameOf(req),
        req.body as UpdateAssetRequest,
        revisionOf(req.header('if-match')),
      ),
    );
  });
}
