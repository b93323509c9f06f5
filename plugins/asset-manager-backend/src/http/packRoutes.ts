import type { Request, Router } from 'express';
import type { ByteRange } from '@baseasset/backstage-plugin-asset-manager-node';
import { FieldError } from '../model/FieldError';
import type { BlobIntake } from '../services/BlobIntake';
import type { PackReader } from '../services/PackReader';
import {
  digestParam,
  lengthOf,
  nameOf,
  PART_OF_AN_UPLOAD,
  preferenceOf,
  RouterContext,
} from './requests';

function rangeOf(req: Request): ByteRange {
  const [, start, end] =
    /^bytes=(\d{1,15})-(\d{1,15})$/.exec(req.header('range') ?? '') ?? [];
  const range = { start: Number(start), end: Number(end) };
  if (!(range.start <= range.end)) {
    throw new FieldError(
      'Range',
      'a pack is read by one range with both ends, as bytes=100-199',
    );
  }
  return range;
}

/** Routes that carry packs: many small files in one request. */
export function addPackRoutes(
  router: Router,
  context: RouterContext & { intake: BlobIntake; packs: PackReader },
): void {
  const { intake, packs, callers } = context;

  router.put('/uploads/:id/packs/:digest', async (req, res) => {
    const caller = await callers.resolve(req, PART_OF_AN_UPLOAD);
    await intake.putPack(caller, req.params.id, {
      digest: digestParam(req),
      size: lengthOf(req),
      body: req,
    });
    res.status(204).end();
  });

  router.get('/assets/:namespace/:name/packs/:digest', async (req, res) => {
    const caller = await callers.resolve(req);
    const range = rangeOf(req);
    const run = await packs.open(caller, nameOf(req), digestParam(req), {
      range,
      ...preferenceOf(req),
    });
    const url = await run.signGet();
    res.set({ 'Asset-Store': run.store, 'Cache-Control': 'private, no-store' });
    if (url !== undefined) {
      // Bound to the range: who follows has to ask for the same.
      res.status(302).set('Location', url).end();
      return;
    }
    res.status(206).set({
      'Cache-Control': 'private, no-store, no-transform',
      'Content-Length': `${range.end - range.start + 1}`,
      'Content-Range': `bytes ${range.start}-${range.end}/*`,
      'Content-Type': 'application/octet-stream',
    });
    try {
      await run.writeTo(res);
      res.end();
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE')
        return;
      if (res.headersSent) res.destroy();
      else {
        res.removeHeader('Content-Length');
        res.removeHeader('Content-Range');
      }
      throw error;
    }
  });
}
