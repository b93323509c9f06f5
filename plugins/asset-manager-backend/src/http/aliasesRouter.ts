import type { Router } from 'express';
import type { AliasService } from '../services/AliasService';
import { nameOf, RouterContext } from './requests';

/** Routes of the noun `aliases`. */
export function addAliasRoutes(
  router: Router,
  context: RouterContext & { aliases: AliasService },
): void {
  const { aliases, callers } = context;
  const base = '/assets/:namespace/:name/aliases';

  router.get(base, async (req, res) => {
    res.json({
      items: await aliases.list(await callers.resolve(req), nameOf(req)),
    });
  });

  router.get('/assets/:namespace/:name/alias-moves', async (req, res) => {
    const caller = await callers.resolve(req);
    const alias = req.query.alias as string | undefined;
    res.json({ items: await aliases.history(caller, nameOf(req), alias) });
  });

  router.put(`${base}/:alias`, async (req, res) => {
    res.json(
      await aliases.set(await callers.resolve(req), nameOf(req), {
        alias: req.params.alias,
        selector: req.body.version,
        expected: req.body.expected,
      }),
    );
  });

  router.delete(`${base}/:alias`, async (req, res) => {
    res.json(
      await aliases.remove(
        await callers.resolve(req),
        nameOf(req),
        req.params.alias,
      ),
    );
  });
}
