import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Router } from 'express';
import type { AssetTypeDraftService } from '../services/AssetTypeDraftService';
import type { AssetTypeService } from '../services/AssetTypeService';
import type { RouterContext } from './requests';

/** Routes of the noun `asset-types`. */
export function addAssetTypeRoutes(
  router: Router,
  context: RouterContext & {
    assetTypes: AssetTypeService;
    assetTypeDrafts: AssetTypeDraftService;
  },
): void {
  const { assetTypes, assetTypeDrafts: drafts, callers } = context;
  const draft = '/asset-types/:type/draft';

  router.get('/asset-types', async (req, res) => {
    await callers.resolve(req);
    res.json({ items: await assetTypes.list() });
  });

  router.post('/asset-types', async (req, res) => {
    const applied = await assetTypes.apply(
      await callers.resolve(req),
      req.body,
    );
    res.status(applied.state === 'unchanged' ? 200 : 201).json(applied);
  });

  router.post('/asset-types/lint', async (req, res) => {
    await callers.resolve(req, { fresh: false });
    res.json(assetTypes.lint(req.body.document));
  });

  router.post('/asset-types/simulate', async (req, res) => {
    const caller = await callers.resolve(req);
    const run = await assetTypes.simulate(caller, req.body.document);
    res.set('Cache-Control', 'no-store').type('application/x-ndjson');
    await pipeline(Readable.from(linesOf(run)), res);
  });

  router.get('/asset-types/:type', async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await assetTypes.get(caller, req.params.type));
  });

  router.get(draft, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await drafts.get(caller, req.params.type));
  });

  router.put(draft, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await drafts.save(caller, req.params.type, req.body));
  });

  router.delete(draft, async (req, res) => {
    const caller = await callers.resolve(req);
    await drafts.discard(caller, req.params.type);
    res.status(204).end();
  });

  router.post(`${draft}/publication`, async (req, res) => {
    const caller = await callers.resolve(req);
    const applied = await drafts.publish(caller, req.params.type, req.body);
    res.status(applied.state === 'unchanged' ? 200 : 201).json(applied);
  });

  router.get('/asset-types/:type/revisions', async (req, res) => {
    await callers.resolve(req);
    res.json({ items: await assetTypes.revisions(req.params.type) });
  });

  router.get('/asset-types/:type/revisions/:revision', async (req, res) => {
    const caller = await callers.resolve(req);
    const { type, revision } = req.params;
    res.json(await assetTypes.get(caller, type, Number(revision)));
  });
}

/** How far it is, a line for each, and what was found at last. */
async function* linesOf(
  run: Awaited<ReturnType<AssetTypeService['simulate']>>,
): AsyncGenerator<string> {
  for (;;) {
    const { done, value } = await run.next();
    yield `${JSON.stringify(
      done ? { kind: 'report', report: value } : { kind: 'progress', ...value },
    )}\n`;
    if (done) return;
  }
}
