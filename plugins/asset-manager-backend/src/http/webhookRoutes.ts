import express, { Router } from 'express';
import { SIGNATURE_HEADER } from '../model/webhookSignature';
import type { CheckWebhooks } from '../services/CheckWebhooks';
import type { WebhookSender } from '../services/WebhookSender';
import type { RouterContext } from './requests';

/** What is signed instead of sent with a token; its body is read as it is. */
export const CHECK_WEBHOOKS = '/webhooks/checks/:source';

/** Takes checks from whoever can sign them. Stands before everything that reads bodies. */
export function addCheckWebhookRoute(
  router: Router,
  { checkWebhooks }: { checkWebhooks: CheckWebhooks },
): void {
  router.post(
    CHECK_WEBHOOKS,
    express.text({ type: () => true, limit: '512kb' }),
    async (req, res) => {
      const body = typeof req.body === 'string' ? req.body : '';
      const signature = req.header(SIGNATURE_HEADER);
      res
        .status(201)
        .json(await checkWebhooks.take(req.params.source, signature, body));
    },
  );
}

/** How outgoing webhooks fare, for operators. */
export function addWebhookRoutes(
  router: Router,
  context: RouterContext & { webhooks: WebhookSender },
): void {
  const { webhooks, callers } = context;

  router.get('/webhooks', async (req, res) => {
    res.json({ items: await webhooks.list(await callers.resolve(req)) });
  });

  router.post('/webhooks/:webhook/dead-letters/:sequence', async (req, res) => {
    const caller = await callers.resolve(req);
    const { webhook, sequence } = req.params;
    await webhooks.resend(caller, webhook, Number(sequence));
    res.status(204).end();
  });
}
