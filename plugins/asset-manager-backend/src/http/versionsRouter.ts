import type { Router } from 'express';
import { parseReference } from '@baseasset/backstage-plugin-asset-manager-common';
import { inField } from '../model/FieldError';
import type { PackReader } from '../services/PackReader';
import type { VersionService } from '../services/VersionService';
import {
  cursorOf,
  limitOf,
  nameOf,
  RouterContext,
  setVersionCaching,
} from './requests';

/** Routes of the noun `versions`, but for the bytes of their files. */
export function addVersionRoutes(
  router: Router,
  context: RouterContext & { versions: VersionService; packs: PackReader },
): void {
  const { versions, packs, callers } = context;
  const base = '/assets/:namespace/:name/versions';

  router.get(base, async (req, res) => {
    res.json(
      await versions.list(await callers.resolve(req), nameOf(req), {
        cursor: cursorOf(req),
        limit: limitOf(req, 50),
      }),
    );
  });

  router.get(`${base}/:selector`, async (req, res) => {
    res
      .set('Cache-Control', 'private, no-cache')
      .json(
        await versions.get(
          await callers.resolve(req),
          nameOf(req),
          req.params.selector,
          req.query.asOf === undefined ? undefined : String(req.query.asOf),
        ),
      );
  });

  router.get(`${base}/:selector/manifest`, async (req, res) => {
    const caller = await callers.resolve(req);
    const { version, text } = await versions.manifest(
      caller,
      nameOf(req),
      req.params.selector,
    );
    setVersionCaching(req, res, version);
    res.set('ETag', `"${version.digest}"`).type('application/json').send(text);
  });

  router.get(`${base}/:selector/manifest/pages/:position`, async (req, res) => {
    const caller = await callers.resolve(req);
    const { version, text } = await versions.manifestPage(
      caller,
      nameOf(req),
      req.params.selector,
      Number(req.params.position),
    );
    setVersionCaching(req, res, version);
    res.type('application/json').send(text);
  });

  router.get(
    `${base}/:selector/manifest/pages/:position/packs`,
    async (req, res) => {
      res
        .set('Cache-Control', 'private, no-store')
        .json(
          await packs.placement(
            await callers.resolve(req),
            nameOf(req),
            req.params.selector,
            Number(req.params.position),
          ),
        );
    },
  );

  router.get(`${base}/:selector/files`, async (req, res) => {
    res.json(
      await versions.files(
        await callers.resolve(req),
        nameOf(req),
        req.params.selector,
        {
          under: req.query.under as string | undefined,
          cursor: cursorOf(req),
          limit: limitOf(req, 1000),
        },
      ),
    );
  });

  router.get('/comparison', async (req, res) => {
    const caller = await callers.resolve(req);
    const [from, to] = (['from', 'to'] as const).map(side => {
      const reference = inField(side, () =>
        parseReference(String(req.query[side])),
      );
      return { name: reference, selector: reference.selector ?? 'latest' };
    });
    res.json(await versions.compare(caller, from, to));
  });
}
