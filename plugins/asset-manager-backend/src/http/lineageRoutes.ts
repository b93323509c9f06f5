import type { Router } from 'express';
import type { LineageDirection } from '@baseasset/backstage-plugin-asset-manager-common';
import type { LineageExplorer } from '../services/LineageExplorer';
import type { LineageService } from '../services/LineageService';
import { creating, nameOf, RouterContext } from './requests';

const PRESET_DEPTH = 5;
const BOTH: readonly LineageDirection[] = ['upstream', 'downstream'];

/** What was run, and what came of what. */
export function addLineageRoutes(
  router: Router,
  context: RouterContext & {
    lineage: LineageService;
    lineageExplorer: LineageExplorer;
  },
): void {
  const { lineage, lineageExplorer, callers } = context;

  router.post(
    '/runs',
    creating(context, (caller, req) => lineage.record(caller, req.body)),
  );

  router.get('/runs/:id', async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await lineage.get(caller, req.params.id));
  });

  router.get(
    '/assets/:namespace/:name/versions/:selector/lineage',
    async (req, res) => {
      const caller = await callers.resolve(req);
      const { direction, depth } = req.query;
      res.json(
        await lineageExplorer.explore(
          caller,
          nameOf(req),
          req.params.selector,
          {
            directions:
              direction === undefined ? BOTH : [direction as LineageDirection],
            depth: depth === undefined ? PRESET_DEPTH : Number(depth),
          },
        ),
      );
    },
  );
}
