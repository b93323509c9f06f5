import type { Router } from 'express';
import type { MarkService } from '../services/MarkService';
import { creating, nameOf, RouterContext } from './requests';

/** What is said of versions after they were pushed: metadata, retractions and holds. */
export function addMarkRoutes(
  router: Router,
  context: RouterContext & { marks: MarkService },
): void {
  const { marks, callers } = context;
  const asset = '/assets/:namespace/:name';
  const version = `${asset}/versions/:selector`;

  router.patch(version, async (req, res) => {
    const caller = await callers.resolve(req);
    const { selector } = req.params;
    res.json(await marks.update(caller, nameOf(req), selector, req.body));
  });

  router.put(`${version}/retraction`, async (req, res) => {
    const caller = await callers.resolve(req);
    const { selector } = req.params;
    const { reason } = req.body;
    res.json(await marks.retract(caller, nameOf(req), selector, reason));
  });

  router.delete(`${version}/retraction`, async (req, res) => {
    const caller = await callers.resolve(req);
    const { selector } = req.params;
    res.json(await marks.reinstate(caller, nameOf(req), selector));
  });

  router.get(`${asset}/holds`, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json({ items: await marks.holds(caller, nameOf(req)) });
  });

  router.post(
    `${asset}/holds`,
    creating(context, (caller, req) =>
      marks.placeHold(caller, nameOf(req), req.body),
    ),
  );

  router.delete(`${asset}/holds/:id`, async (req, res) => {
    const caller = await callers.resolve(req);
    const { reason } = req.query;
    await marks.endHold(caller, nameOf(req), req.params.id, String(reason));
    res.status(204).end();
  });
}
