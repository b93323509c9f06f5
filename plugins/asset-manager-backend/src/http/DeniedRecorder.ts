import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  AssetName,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Request } from 'express';
import type { AssetRecord, Clock, Repository } from '../services/ports';
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
    await this.#quietly(async () => {
      const name = assetOf(req);
      await this.#append(req, reason, name && (await this.#find(name)));
    });
  }

  /** The same for an asset of which the caller was told that there is none, if there is. */
  async recordHidden(req: Request, name: AssetName): Promise<void> {
    await this.#quietly(async () => {
      const asset = await this.#find(name);
      if (asset && !asset.deletion)
        await this.#append(
          req,
          'it is hidden from the caller, who was told that there is none',
          asset,
        );
    });
  }

  async #append(
    req: Request,
    reason: string,
    asset: AssetRecord | undefined,
  ): Promise<void> {
    const { actor } = requestContext.getStore() ?? {};
    if (actor === undefined) return;
    const { operationId } = (req as Request & Described).openapi?.schema ?? {};
    await this.#repository.audit.append({
      at: this.#now(),
      actor,
      action: operationId ?? req.method.toLowerCase(),
      outcome: 'denied',
      object: assetOf(req) || !asset ? objectOf(req) : formatReference(asset),
      assetId: asset?.id,
      reason,
    });
  }

  #find(name: AssetName): Promise<AssetRecord | undefined> {
    return this.#repository.assets.find(name, 'everything');
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.error(
        'what was denied could not be written down',
        error as Error,
      );
    }
  }
}

/** The asset that an address is about. */
function assetOf({ path }: Request): AssetName | undefined {
  const [, namespace, name] = /^\/assets\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  return namespace === undefined
    ? undefined
    : {
        namespace: decodeURIComponent(namespace),
        name: decodeURIComponent(name),
      };
}

/** What an address is about, in words. */
function objectOf(req: Request): string {
  const asset = assetOf(req);
  if (!asset) return req.path.slice(1, 300);
  const [, selector] =
    /^\/assets\/[^/]+\/[^/]+\/versions\/([^/]+)/.exec(req.path) ?? [];
  return formatReference({
    ...asset,
    selector: selector && decodeURIComponent(selector),
  });
}
