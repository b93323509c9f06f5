import type { Router } from 'express';
import type { AssetService } from '../services/AssetService';
import type { DeletionService } from '../services/DeletionService';
import { nameOf, RouterContext } from './requests';

/** Routes of the noun `deletion`: to put one deletes, to delete one brings back. */
export function addDeletionRoutes(
  router: Router,
  context: RouterContext & { assets: AssetService; deletions: DeletionService },
): void {
  const { assets, deletions, callers } = context;
  const ofAsset = '/assets/:namespace/:name/deletion';
  const ofVersion = '/assets/:namespace/:name/versions/:selector/deletion';

  router.get('/deleted-assets', async (req, res) => {
    res.json({ items: await deletions.list(await callers.resolve(req)) });
  });

  router.put(ofAsset, async (req, res) => {
    const caller = await callers.resolve(req);
    const { reason } = req.body;
    res.json(await deletions.deleteAsset(caller, nameOf(req), reason));
  });

  router.delete(ofAsset, async (req, res) => {
    const caller = await callers.resolve(req);
    await deletions.undeleteAsset(caller, nameOf(req));
    res.json(await assets.get(caller, nameOf(req)));
  });

  router.put(ofVersion, async (req, res) => {
    res.json(
      await deletions.deleteVersion(
        await callers.resolve(req),
        nameOf(req),
        req.params.selector,
        req.body.reason,
      ),
    );
  });

  router.delete(ofVersion, async (req, res) => {
    res.json(
      await deletions.undeleteVersion(
        await callers.resolve(req),
        nameOf(req),
        req.params.selector,
      ),
    );
  });
}
