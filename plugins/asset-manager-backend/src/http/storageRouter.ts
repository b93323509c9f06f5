import type { Router } from 'express';
import type { CopyService } from '../services/CopyService';
import type { FixityService } from '../services/FixityService';
import type { OperatorService } from '../services/OperatorService';
import { creating, nameOf, RouterContext } from './requests';

/** Routes about where bytes are kept. */
export function addStorageRoutes(
  router: Router,
  context: RouterContext & {
    copies: CopyService;
    operator: OperatorService;
    fixity: FixityService;
  },
): void {
  const { copies, operator, fixity, callers } = context;

  router.get('/stores', async (req, res) => {
    await callers.resolve(req);
    res.json({ items: await copies.stores() });
  });

  router.post('/stores/examine', async (req, res) => {
    res.json({ items: await operator.examine(await callers.resolve(req)) });
  });

  router.get('/storage', async (req, res) => {
    res.json(await operator.usage(await callers.resolve(req)));
  });

  router.get('/storage/collection', async (req, res) => {
    res.json(await operator.planCollection(await callers.resolve(req)));
  });

  router.post('/storage/collection', async (req, res) => {
    res.json(await operator.collect(await callers.resolve(req)));
  });

  router.post('/storage/rebuild', async (req, res) => {
    res.json(await operator.rebuild(await callers.resolve(req), req.body));
  });

  router.get('/storage/checks', async (req, res) => {
    res.json({ items: await fixity.list(await callers.resolve(req)) });
  });

  router.post(
    '/storage/checks',
    creating(context, (caller, req) => fixity.order(caller, req.body), 202),
  );

  router.get('/storage/checks/:id', async (req, res) => {
    res.json(await fixity.report(await callers.resolve(req), req.params.id));
  });

  router.get('/assets/:namespace/:name/copies', async (req, res) => {
    res.json({
      items: await copies.list(await callers.resolve(req), nameOf(req)),
    });
  });

  router.post(
    '/assets/:namespace/:name/copies',
    creating(
      context,
      (caller, req) => copies.create(caller, nameOf(req), req.body),
      202,
    ),
  );
}
