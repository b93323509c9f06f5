import express, { Request, Response, Router } from 'express';
import PromiseRouter from 'express-promise-router';
import {
  BLOCK_SIZE,
  countBlocks,
  Digest,
  pathProblem,
  READ_WHOLE,
  refuse,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { ByteRange } from '@baseasset/backstage-plugin-asset-manager-node';
import { FieldError, inField } from '../model/FieldError';
import type { BlobIntake } from '../services/BlobIntake';
import type { PackReader } from '../services/PackReader';
import type { UploadService } from '../services/UploadService';
import type { VersionService } from '../services/VersionService';
import { addPackRoutes } from './packRoutes';
import {
  digestParam,
  lengthOf,
  nameOf,
  PART_OF_AN_UPLOAD,
  preferenceOf,
  RouterContext,
  setVersionCaching,
} from './requests';

/** A page has 16,384 entries at most, each with a path of 4 KiB at most; most are far smaller. */
const MAX_PAGE_BYTES = 80 * 1024 * 1024;

/** Digests of blocks that are given in one answer: those of half a GiB. */
const BLOCKS_AT_ONCE = 8192;

function countParam(req: Request, name: string): number {
  const value = Number(req.params[name]);
  if (!Number.isSafeInteger(value) || value < 0 || value > 1_000_000) {
    throw new FieldError(name, `${name} has to be a number from 0`);
  }
  return value;
}

/** @throws FieldError for what is no whole number within the bounds */
function countQuery(
  req: Request,
  name: string,
  least: number,
  most: number,
): number {
  const text = req.query[name];
  const value = typeof text === 'string' && text !== '' ? Number(text) : NaN;
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new FieldError(
      name,
      `${name} has to be a whole number from ${least} to ${most}`,
    );
  }
  return value;
}

/** `sha-256=:…:` as RFC 9530 writes it. */
function reprDigest(digest: Digest): string {
  const bytes = Buffer.from(digest.slice('sha256:'.length), 'hex');
  return `sha-256=:${bytes.toString('base64')}:`;
}

/** The one range that the request asks for; undefined for everything. */
function rangeOf(
  req: Request,
  etag: string,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const ifRange = req.header('if-range');
  if (
    req.header('range') === undefined ||
    (ifRange !== undefined && ifRange !== etag)
  ) {
    return undefined;
  }
  const ranges = req.range(size);
  if (ranges === -1) return 'unsatisfiable';
  if (
    ranges === undefined ||
    ranges === -2 ||
    ranges.type !== 'bytes' ||
    ranges.length !== 1
  ) {
    return undefined;
  }
  return { start: ranges[0].start, end: ranges[0].end };
}

/**
 * The routes that carry bytes. They stream, and so stand outside of body
 * parsing and validation; what they take is checked here.
 */
export function createTransferRouter(
  context: RouterContext & {
    versions: VersionService;
    uploads: UploadService;
    intake: BlobIntake;
    packs: PackReader;
  },
): Router {
  const { versions, uploads, intake, callers } = context;
  const router = PromiseRouter();
  addPackRoutes(router, context);

  router.get(
    '/assets/:namespace/:name/versions/:selector/files/*',
    async (req, res) => {
      const path = (req.params as Record<string, string>)[0];
      inField('path', () => refuse('path', path, pathProblem(path)));
      const caller = await callers.resolve(req, { limited: true });
      const file = await versions.file(
        caller,
        nameOf(req),
        req.params.selector,
        path,
      );
      await sendFile(req, res, file);
    },
  );

  router.get(
    '/assets/:namespace/:name/versions/:selector/blocks/*',
    async (req, res) => {
      const path = (req.params as Record<string, string>)[0];
      inField('path', () => refuse('path', path, pathProblem(path)));
      const range = {
        first: countQuery(req, 'first', 0, Number.MAX_SAFE_INTEGER),
        count: countQuery(req, 'count', 1, BLOCKS_AT_ONCE),
      };
      const { entry, blocks } = await versions.file(
        await callers.resolve(req, { limited: true }),
        nameOf(req),
        req.params.selector,
        path,
      );
      if (entry.size <= READ_WHOLE)
        throw new FieldError(
          'path',
          `a file of ${entry.size} bytes is read whole, and verified by its own digest`,
        );
      if (range.first >= countBlocks(entry.size))
        throw new FieldError(
          'first',
          `the file has ${countBlocks(entry.size)} blocks`,
        );
      const digests = await blocks(range, {
        ...preferenceOf(req),
        wait: req.query.wait !== 'false',
      });
      res
        .set({
          'Block-Size': `${BLOCK_SIZE}`,
          // They may be made anew.
          'Cache-Control': 'private, max-age=300, no-transform',
          'Content-Type': 'application/octet-stream',
          'X-Content-Type-Options': 'nosniff',
        })
        .send(digests);
    },
  );

  router.put(
    '/uploads/:id/pages/:position',
    express.text({ type: () => true, limit: MAX_PAGE_BYTES }),
    async (req, res) => {
      const caller = await callers.resolve(req, PART_OF_AN_UPLOAD);
      const text = typeof req.body === 'string' ? req.body : '';
      res.json(
        await uploads.putPage(
          caller,
          req.params.id,
          countParam(req, 'position'),
          text,
        ),
      );
    },
  );

  router.put('/uploads/:id/blobs/:digest', async (req, res) => {
    const caller = await callers.resolve(req, PART_OF_AN_UPLOAD);
    await intake.putBlob(caller, req.params.id, {
      digest: digestParam(req),
      size: lengthOf(req),
      body: req,
    });
    res.status(204).end();
  });

  router.put('/uploads/:id/blobs/:digest/parts/:number', async (req, res) => {
    const caller = await callers.resolve(req, PART_OF_AN_UPLOAD);
    await intake.putPart(caller, req.params.id, {
      digest: digestParam(req),
      number: countParam(req, 'number'),
      size: lengthOf(req),
      body: req,
    });
    res.status(204).end();
  });

  return router;
}

async function sendFile(
  req: Request,
  res: Response,
  file: Awaited<ReturnType<VersionService['file']>>,
): Promise<void> {
  const { version, entry, writeTo } = file;
  const etag = `"${entry.digest}"`;
  setVersionCaching(req, res, version);
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
  res.set({
    'Accept-Ranges': 'bytes',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(
      name,
    )}`,
    // Whoever opens the address itself gets a file, and never a page of ours.
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Content-Type': entry.mediaType,
    ETag: etag,
    'Repr-Digest': reprDigest(entry.digest),
    'X-Content-Type-Options': 'nosniff',
  });
  if (req.fresh) {
    res.status(304).end();
    return;
  }
  const preference = preferenceOf(req);
  if (req.method === 'GET' && entry.size > 0 && req.query.via !== 'backend') {
    const signed = await file.signGet(preference).catch(error => {
      withdrawFile(res);
      throw error;
    });
    if (signed) {
      // The address dies soon, and is nobody else's: no cache may keep it.
      res.removeHeader('Content-Type');
      res.removeHeader('ETag');
      res
        .status(302)
        .set({
          'Asset-Store': signed.store,
          'Cache-Control': 'private, no-store',
          Location: signed.url,
        })
        .end();
      return;
    }
  }
  const range = rangeOf(req, etag, entry.size);
  if (range === 'unsatisfiable') {
    res
      .status(416)
      .set('Content-Range', `bytes */${entry.size}`)
      .removeHeader('Content-Type');
    res.end();
    return;
  }
  if (range) {
    res
      .status(206)
      .set('Content-Range', `bytes ${range.start}-${range.end}/${entry.size}`);
  }
  res.set(
    'Content-Length',
    `${range ? range.end - range.start + 1 : entry.size}`,
  );
  if (req.method === 'HEAD' || entry.size === 0) {
    res.end();
    return;
  }
  try {
    await writeTo(res, {
      range,
      ...preference,
      onStore: store => res.set('Asset-Store', store),
    });
    res.end();
  } catch (error) {
    // A reader that goes away in the middle is no error of ours.
    if ((error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE')
      return;
    // What was promised can't be kept: the reader must not take it for the whole.
    if (res.headersSent) res.destroy();
    else withdrawFile(res);
    throw error;
  }
}

/** Takes back what was said of a file, because an error is answered in its place. */
function withdrawFile(res: Response): void {
  for (const name of [
    'Accept-Ranges',
    'Cache-Control',
    'Content-Disposition',
    'Content-Length',
    'Content-Range',
    'Content-Type',
    'ETag',
    'Repr-Digest',
  ])
    res.removeHeader(name);
}
