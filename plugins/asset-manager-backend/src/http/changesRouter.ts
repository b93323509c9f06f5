import type { Router } from 'express';
import type { ChangeService } from '../services/ChangeService';
import type { DeclarationService } from '../services/DeclarationService';
import { nameOf, RouterContext } from './requests';

/** Routes that the catalog follows: the change feed, and the declarations it found. */
export function addChangeRoutes(
  router: Router,
  context: RouterContext & {
    changes: ChangeService;
    declarations: DeclarationService;
  },
): void {
  const { changes, declarations, callers } = context;
  const base = '/assets/:namespace/:name/declarations';

  router.get('/changes', async (req, res) => {
    res.json(
      await changes.list(await callers.resolve(req), {
        after: Number(req.query.after ?? 0),
        limit: Number(req.query.limit ?? 500),
      }),
    );
  });

  router.get(base, async (req, res) => {
    const found = await declarations.list(
      await callers.resolve(req),
      nameOf(req),
    );
    res.json({
      items: found.map(({ location, state, seenAt }) => ({
        location,
        state,
        seenAt,
      })),
    });
  });

  router.put(base, async (req, res) => {
    const { location, card } = req.body;
    const { relations = {}, ...rest } = card;
    res.json(
      await declarations.declare(await callers.resolve(req), nameOf(req), {
        location,
        card: {
          tags: [],
          visibility: 'internal',
          ...rest,
          relations: {
            derivedFrom: [],
            producedBy: [],
            consumedBy: [],
            ...relations,
          },
        },
      }),
    );
  });

  router.post(`${base}/accept`, async (req, res) => {
    await declarations.accept(
      await callers.resolve(req),
      nameOf(req),
      req.body.location,
    );
    res.status(204).end();
  });

  router.post(`${base}/withdraw`, async (req, res) => {
    await declarations.withdraw(
      await callers.resolve(req),
      nameOf(req),
      req.body.location,
    );
    res.status(204).end();
  });
}
