import type { Router } from 'express';
import type { LifecycleService } from '../services/LifecycleService';
import { creating, nameOf, RouterContext } from './requests';

/** Where versions stand in their life, and how they move. */
export function addLifecycleRoutes(
  router: Router,
  context: RouterContext & { lifecycle: LifecycleService },
): void {
  const { lifecycle, callers } = context;
  const version = '/assets/:namespace/:name/versions/:selector';

  router.get(`${version}/stage`, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await lifecycle.stageOf(caller, nameOf(req), req.params.selector));
  });

  router.post(
    `${version}/transitions`,
    creating(context, (caller, req) =>
      lifecycle.move(caller, nameOf(req), req.params.selector, req.body),
    ),
  );

  router.get('/assets/:namespace/:name/transitions', async (req, res) => {
    const caller = await callers.resolve(req);
    const { version: selector } = req.query;
    res.json({
      items: await lifecycle.history(
        caller,
        nameOf(req),
        selector === undefined ? undefined : String(selector),
      ),
    });
  });
}
