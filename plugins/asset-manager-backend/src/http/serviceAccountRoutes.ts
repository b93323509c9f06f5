import type { Router } from 'express';
import type { FederationService } from '../services/FederationService';
import type { ServiceAccountService } from '../services/ServiceAccountService';
import type { TokenIssuer } from '../services/TokenIssuer';
import { creating, RouterContext } from './requests';

/** Where anybody may ask: who asks shows a token, or wants to know what ours look like. */
export const OPEN_PATHS = ['/token', '/.well-known/jwks.json'];

const OWN_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** Routes of the noun `service-accounts`, and what their tokens are exchanged at. */
export function addServiceAccountRoutes(
  router: Router,
  context: RouterContext & {
    serviceAccounts: ServiceAccountService;
    federations: FederationService;
    issuer: TokenIssuer;
  },
): void {
  const { serviceAccounts, federations, issuer, callers } = context;
  const one = '/service-accounts/:account';

  router.get('/.well-known/jwks.json', async (_req, res) => {
    res.json(await issuer.keySet());
  });

  router.post('/token', async (req, res) => {
    res
      .set('Cache-Control', 'no-store')
      .json(
        req.body.subject_token_type === OWN_TOKEN_TYPE
          ? await serviceAccounts.exchange(req.body.subject_token)
          : await federations.exchange(
              req.body.subject_token,
              req.body.service_account,
            ),
      );
  });

  router.get('/federation-settings', async (req, res) => {
    await callers.resolve(req);
    res.json(federations.settings());
  });

  router.get('/service-accounts', async (req, res) => {
    res.json({ items: await serviceAccounts.list(await callers.resolve(req)) });
  });

  router.post(
    '/service-accounts',
    creating(context, (caller, req) =>
      serviceAccounts.create(caller, req.body),
    ),
  );

  router.get(one, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json(await serviceAccounts.get(caller, req.params.account));
  });

  router.patch(one, async (req, res) => {
    res.json(
      await serviceAccounts.setDisabled(
        await callers.resolve(req),
        req.params.account,
        req.body.disabled,
      ),
    );
  });

  router.get(`${one}/tokens`, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json({
      items: await serviceAccounts.tokens(caller, req.params.account),
    });
  });

  const federationsOf = `${one}/federations`;
  router.get(federationsOf, async (req, res) => {
    const caller = await callers.resolve(req);
    res.json({ items: await federations.list(caller, req.params.account) });
  });

  router.post(
    federationsOf,
    creating(context, (caller, req) =>
      federations.create(caller, req.params.account, req.body),
    ),
  );

  router.delete(`${federationsOf}/:id`, async (req, res) => {
    await federations.revoke(
      await callers.resolve(req),
      req.params.account,
      req.params.id,
    );
    res.status(204).end();
  });

  // Not answered again when it comes again: nobody keeps the token.
  router.post(`${one}/tokens`, async (req, res) => {
    const caller = await callers.resolve(req);
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json(
        await serviceAccounts.createToken(caller, req.params.account, req.body),
      );
  });

  router.delete(`${one}/tokens/:id`, async (req, res) => {
    await serviceAccounts.revokeToken(
      await callers.resolve(req),
      req.params.account,
      req.params.id,
    );
    res.status(204).end();
  });
}
