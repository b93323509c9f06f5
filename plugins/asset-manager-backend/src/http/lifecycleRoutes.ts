import type { Router } from 'express';
import type { CheckService } from '../services/CheckService';
import type { LifecycleService } from '../services/LifecycleService';
import type { TransitionService } from '../services/TransitionService';
import { creating, nameOf, RouterContext } from './requests';

/** Where versions stand in their life, what is asked for and decided, and how they move. */
export function addLifecycleRoutes(
  router: Router,
  context: RouterContext & {
    lifecycle: LifecycleService;
    transitions: TransitionService;
    checks: CheckService;
  },
): void {
  const { lifecycle, transitions, checks, callers } = context;
  const asset = '/assets/:namespace/:name';
  const version = `${asset}/versions/:selector`;
  const request = '/transition-requests/:id';

  router.get(`${version}/stage`, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await lifecycle.stageOf(caller, nameOf(req), req.params.selector));
  });

  router.post(
    `${version}/transitions`,
    creating(context, (caller, req) =>
      transitions.ask(caller, nameOf(req), req.params.selector, req.body),
    ),
  );

  router.get(`${asset}/transitions`, async (req, res) => {
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

  router.get(`${asset}/transition-requests`, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json({ items: await transitions.ofAsset(caller, nameOf(req)) });
  });

  router.get('/transition-requests', async (req, res) => {
    res.json(await transitions.mine(await callers.resolve(req)));
  });

  router.get(request, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await transitions.get(caller, req.params.id));
  });

  router.post(
    `${request}/decisions`,
    creating(context, (caller, req) =>
      transitions.decide(caller, req.params.id, req.body),
    ),
  );

  router.delete(request, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await transitions.withdraw(caller, req.params.id));
  });

  router.get(`${version}/checks`, async (req, res) => {
    const caller = await callers.resolve(req);
    const { selector } = req.params;
    res.json({ items: await checks.list(caller, nameOf(req), selector) });
  });

  router.post(
    `${version}/checks`,
    creating(context, (caller, req) =>
      checks.record(caller, nameOf(req), req.params.selector, req.body),
    ),
  );
}
