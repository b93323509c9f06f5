import {
  AccessRequest,
  assetKey,
  AssetName,
  CreateAccessRequest,
  DecideAccessRequest,
  formatScope,
  nameProblem,
  namespaceProblem,
  refuse,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  ConflictError,
  NotAllowedError,
  NotFoundError,
} from '@backstage/errors';
import type { Caller } from '../model/caller';
import { inField } from '../model/FieldError';
import type { AssetService } from './AssetService';
import type { GrantService } from './GrantService';
import type { AccessRequestRecord } from './accessPorts';
import type { Clock, Repository } from './ports';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Nobody answers what is older. */
const OPEN_DAYS = 30;
const PRESET_DAYS = 30;
/** Open requests that a person may have. */
const MOST_OPEN = 50;
const LISTED = 200;

/** Lets people ask for access, also to what they can't know to be there. */
export class AccessRequestService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #grants: GrantService;
  readonly #now: Clock;
  readonly #createId: () => string;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    grants: GrantService;
    now: Clock;
    createId: () => string;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#grants = options.grants;
    this.#now = options.now;
    this.#createId = options.createId;
  }

  /**
   * Asks for a role. The answer is the same whether there is such an asset or
   * not; asking again for what is open already changes the request.
   *
   * @throws ConflictError when the person has too many open requests
   */
  async create(
    caller: Caller,
    request: CreateAccessRequest,
  ): Promise<AccessRequest> {
    if (caller.kind !== 'user')
      throw new NotAllowedError('only people may ask for access');
    const { namespace, name, reason } = request;
    inField('namespace', () =>
      refuse('namespace', namespace, namespaceProblem(namespace)),
    );
    inField('name', () => refuse('asset name', name, nameProblem(name)));
    const own = await this.#repository.accessRequests.openOf(
      caller.subject,
      this.#oldest(),
    );
    const key = assetKey(request);
    const same = own.find(each => assetKey(each) === key);
    if (!same && own.length >= MOST_OPEN) {
      throw new ConflictError(
        `${own.length} requests of yours are open; withdraw some of them first`,
      );
    }
    const record: AccessRequestRecord = {
      id: this.#createId(),
      namespace,
      name,
      requester: caller.subject,
      role: request.role ?? 'reader',
      days: request.days ?? PRESET_DAYS,
      reason,
      createdAt: this.#now(),
      state: 'open',
    };
    await this.#repository.transaction(async repository => {
      if (same)
        await repository.accessRequests.decide(same.id, {
          state: 'withdrawn',
          at: record.createdAt,
          by: caller.subject,
        });
      await repository.accessRequests.insert(record);
      await repository.audit.append({
        at: record.createdAt,
        actor: caller.subject,
        action: 'access-request.created',
        object: assetKey(record),
        new: { role: record.role, days: record.days },
        reason,
      });
    });
    return this.#present(record);
  }

  /** The caller's own, newest first. */
  async list(caller: Caller): Promise<AccessRequest[]> {
    const found = await this.#repository.accessRequests.listOf(
      caller.subject,
      LISTED,
    );
    return found.map(each => this.#present(each));
  }

  /**
   * The open ones for an asset, oldest first.
   *
   * @throws NotAllowedError for whoever may not give access to it
   */
  async ofAsset(caller: Caller, name: AssetName): Promise<AccessRequest[]> {
    const asset = await this.#assets.findFor(caller, 'asset.grant', name);
    const found = await this.#repository.accessRequests.openFor(
      asset,
      this.#oldest(),
    );
    return found.map(each => this.#present(each));
  }

  /** @throws NotFoundError when the caller has no such open request */
  async withdraw(caller: Caller, id: string): Promise<void> {
    const request = await this.#open(id);
    if (request?.requester !== caller.subject) throw notFound(id);
    await this.#decide(id, 'withdrawn', caller);
  }

  /**
   * Grants what was asked for, or declines it.
   *
   * @throws NotFoundError when there is no open request that the caller may decide
   * @throws NotAllowedError when the caller may give access, but not this role
   */
  async decide(
    caller: Caller,
    id: string,
    decision: DecideAccessRequest,
  ): Promise<AccessRequest> {
    const request = await this.#open(id);
    if (!request) throw notFound(id);
    await this.#assets
      .findFor(caller, 'asset.grant', request)
      .catch(() => Promise.reject(notFound(id)));
    const { answer } = decision;
    if (!decision.granted) return this.#decide(id, 'declined', caller, answer);
    const days = decision.days ?? request.days;
    await this.#grants.create(
      caller,
      {
        principal: request.requester,
        role: request.role,
        scope: formatScope({ kind: 'asset', ...request }),
        expiresAt: new Date(
          Date.parse(this.#now()) + days * DAY_MS,
        ).toISOString(),
        reason: request.reason,
      },
      repository => this.#record(repository, id, 'granted', caller, answer),
    );
    return this.#present((await this.#repository.accessRequests.find(id))!);
  }

  async #decide(
    id: string,
    state: 'granted' | 'declined' | 'withdrawn',
    caller: Caller,
    answer?: string,
  ): Promise<AccessRequest> {
    await this.#repository.transaction(repository =>
      this.#record(repository, id, state, caller, answer),
    );
    return this.#present((await this.#repository.accessRequests.find(id))!);
  }

  /** @throws NotFoundError when somebody else was faster */
  async #record(
    repository: Repository,
    id: string,
    state: 'granted' | 'declined' | 'withdrawn',
    { subject: by }: Caller,
    answer?: string,
  ): Promise<void> {
    const at = this.#now();
    if (
      !(await repository.accessRequests.decide(id, { state, at, by, answer }))
    )
      throw notFound(id);
    await repository.audit.append({
      at,
      actor: by,
      action: `access-request.${state}`,
      object: id,
      reason: answer,
    });
  }

  async #open(id: string): Promise<AccessRequestRecord | undefined> {
    const request = await this.#repository.accessRequests.find(id);
    return request && this.#present(request).state === 'open'
      ? request
      : undefined;
  }

  #oldest(): string {
    return new Date(Date.parse(this.#now()) - OPEN_DAYS * DAY_MS).toISOString();
  }

  #present(request: AccessRequestRecord): AccessRequest {
    return request.state === 'open' && request.createdAt < this.#oldest()
      ? { ...request, state: 'ended' }
      : request;
  }
}

function notFound(id: string): NotFoundError {
  return new NotFoundError(`there is no open request ${id}`);
}
