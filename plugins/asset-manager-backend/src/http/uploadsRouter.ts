import type { Router } from 'express';
import {
  Digest,
  parseDigest,
  PieceToSend,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { inField } from '../model/FieldError';
import type { BlobIntake } from '../services/BlobIntake';
import type { UploadService } from '../services/UploadService';
import { answerOnce } from './idempotency';
import { nameOf, PART_OF_AN_UPLOAD, RouterContext } from './requests';

/** Routes of the noun `uploads` that speak JSON; the bytes go by `transferRouter`. */
export function addUploadRoutes(
  router: Router,
  context: RouterContext & { uploads: UploadService; intake: BlobIntake },
): void {
  const { uploads, intake, callers, idempotency, now } = context;

  router.post('/assets/:namespace/:name/uploads', async (req, res) => {
    const { digest, fileCount, size, metadata } = req.body;
    const begun = await uploads.begin(await callers.resolve(req), nameOf(req), {
      digest: inField('digest', () => parseDigest(digest)),
      fileCount,
      size,
      metadata,
    });
    res.status(begun.state === 'open' ? 201 : 200).json(begun);
  });

  router.get('/uploads', async (req, res) => {
    res.json({ items: await uploads.list(await callers.resolve(req)) });
  });

  router.get('/uploads/:id', async (req, res) => {
    res.json(await uploads.get(await callers.resolve(req), req.params.id));
  });

  router.delete('/uploads/:id', async (req, res) => {
    await uploads.abort(await callers.resolve(req), req.params.id);
    res.status(204).end();
  });

  router.post('/uploads/:id/heartbeat', async (req, res) => {
    const caller = await callers.resolve(req, PART_OF_AN_UPLOAD);
    await uploads.heartbeat(caller, req.params.id);
    res.status(204).end();
  });

  router.post('/uploads/:id/sign', async (req, res) => {
    const pieces: PieceToSend[] = req.body.pieces;
    const items = await intake.sign(
      await callers.resolve(req, PART_OF_AN_UPLOAD),
      req.params.id,
      pieces,
    );
    res.set('Cache-Control', 'private, no-store').json({ items });
  });

  router.post('/uploads/:id/complete', async (req, res) => {
    const blobs: { digest: Digest; size: number }[] = req.body.blobs;
    await intake.complete(
      await callers.resolve(req, PART_OF_AN_UPLOAD),
      req.params.id,
      blobs,
    );
    res.status(204).end();
  });

  router.post('/uploads/:id/complete-pack', async (req, res) => {
    const caller = await callers.resolve(req, PART_OF_AN_UPLOAD);
    await intake.completePack(caller, req.params.id, req.body);
    res.status(204).end();
  });

  router.post('/uploads/:id/commit', async (req, res) => {
    const caller = await callers.resolve(req);
    await answerOnce({
      store: idempotency,
      now,
      caller,
      req,
      res,
      work: async () => {
        const body = await uploads.commit(caller, req.params.id, req.body);
        return { status: body.created ? 201 : 200, body };
      },
    });
  });
}
