import type { LoggerService } from '@backstage/backend-plugin-api';
import { formatReference } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Request } from 'express';
import type { AuditStore } from '../services/auditPorts';
import type { Clock } from '../services/ports';
import { requestContext } from '../services/requestContext';

/** What the validator knows of a request. */
interface Described {
  openapi?: { schema?: { operationId?: string } };
}

/** Writes into the audit trail what somebody was not allowed to do. */
export function recordDenied(options: {
  audit: AuditStore;
  now: Clock;
  logger: LoggerService;
}): (req: Request, reason: string) => Promise<void> {
  const { audit, now, logger } = options;
  return async (req, reason) => {
    const { actor } = requestContext.getStore() ?? {};
    if (actor === undefined) return;
    const { operationId } = (req as Request & Described).openapi?.schema ?? {};
    try {
      await audit.append({
        at: now(),
        actor,
        action: operationId ?? req.method.toLowerCase(),
        outcome: 'denied',
        object: objectOf(req),
        reason,
      });
    } catch (error) {
      // The answer is no, whether it can be written down or not.
      logger.error('what was denied could not be written down', error as Error);
    }
  };
}

function objectOf({ path }: Request): string {
  const [, namespace, name, selector] =
    /^\/assets\/([^/]+)\/([^/]+)(?:\/versions\/([^/]+))?/.exec(path) ?? [];
  if (namespace === undefined) return path.slice(1, 300);
  return formatReference({
    namespace: decodeURIComponent(namespace),
    name: decodeURIComponent(name),
    selector: selector && decodeURIComponent(selector),
  });
}
