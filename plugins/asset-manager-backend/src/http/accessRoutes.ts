import type { Router } from 'express';
import type { AccessRequestService } from '../services/AccessRequestService';
import type { GrantService } from '../services/GrantService';
import { creating, nameOf, RouterContext } from './requests';

/** Routes of the nouns `access`, `grants` and `access-requests`. */
export function addAccessRoutes(
  router: Router,
  context: RouterContext & {
    grants: GrantService;
    accessRequests: AccessRequestService;
  },
): void {
  const { grants, accessRequests, callers } = context;

  router.get('/assets/:namespace/:name/access', async (req, res) => {
    res.json(await grants.ofAsset(await callers.resolve(req), nameOf(req)));
  });

  router.get('/assets/:namespace/:name/explanation', async (req, res) => {
    res.json(
      await grants.explain(
        await callers.resolve(req, { fresh: true }),
        nameOf(req),
        req.query.principal as string | undefined,
      ),
    );
  });

  router.get('/grants', async (req, res) => {
    res.json({
      items: await grants.ofScope(
        await callers.resolve(req),
        String(req.query.scope),
      ),
    });
  });

  router.post(
    '/grants',
    creating(context, (caller, req) => grants.create(caller, req.body)),
  );

  router.get('/access-requests', async (req, res) => {
    res.json({ items: await accessRequests.list(await callers.resolve(req)) });
  });

  router.post(
    '/access-requests',
    creating(context, (caller, req) => accessRequests.create(caller, req.body)),
  );

  router.delete('/access-requests/:id', async (req, res) => {
    await accessRequests.withdraw(await callers.resolve(req), req.params.id);
    res.status(204).end();
  });

  router.put('/access-requests/:id/decision', async (req, res) => {
    res.json(
      await accessRequests.decide(
        await callers.resolve(req),
        req.params.id,
        req.body,
      ),
    );
  });

  router.get('/assets/:namespace/:name/access-requests', async (req, res) => {
    res.json({
      items: await accessRequests.ofAsset(
        await callers.resolve(req),
        nameOf(req),
      ),
    });
  });

  router.delete('/grants/:id', async (req, res) => {
    await grants.end(await callers.resolve(req), req.params.id);
    res.status(204).end();
  });
}
