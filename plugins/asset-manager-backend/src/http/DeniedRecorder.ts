import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  AssetName,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Request } from 'express';
import type { Clock, Repository } from '../services/ports';
import { requestContext } from '../services/requestContext';

/** What the validator knows of a request. */
interface Described {
  openapi?: { schema?: { operationId?: string } };
}

/** Writes into the audit trail what somebody was not allowed to do. */
export class DeniedRecorder {
  readonly #repository: Repository;
  readonly #now: Clock;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  /** The answer is no, whether it can be written down or not. */
  async record(req: Request, reason: string): Promise<void> {
    const { actor } = requestContext.getStore() ?? {};
    if (actor === undefined) return;
    const { operationId } = (req as Request & Described).openapi?.schema ?? {};
    try {
      await this.#repository.audit.append({
        at: this.#now(),
        actor,
        action: operationId ?? req.method.toLowerCase(),
        outcome: 'denied',
        object: objectOf(req),
        reason,
      });
    } catch (error) {
      this.#logger.error(
        'what was denied could not be written down',
        error as Error,
      );
    }
  }

  /** The same for an asset of which the caller was told that there is none, if there is. */
  async recordHidden(req: Request, name: AssetName): Promise<void> {
    try {
      const { assets } = this.#repository;
      const asset = await assets.find(name, 'everything');
      if (!asset || asset.deletion) return;
    } catch (error) {
      this.#logger.error('nobody knows whether it is there', error as Error);
      return;
    }
    await this.record(
      req,
      'it is hidden from the caller, who was told that there is none',
    );
  }
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
