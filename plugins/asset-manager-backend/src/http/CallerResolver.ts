import type {
  AuthService,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import { AuthenticationError, NotAllowedError } from '@backstage/errors';
import type { Request } from 'express';
import type { Caller } from '../model/caller';
import type { PortalPolicy } from '../permissions/PortalPolicy';
import { VIEW_AS_HEADER } from '@baseasset/backstage-plugin-asset-manager-common';
import { readEntityRef } from '../services/AssetService';
import type { Callers, ConfiguredService } from '../services/Callers';
import { requestContext } from '../services/requestContext';
import type { ServiceAccountService } from '../services/ServiceAccountService';

/** Who shows one of our own tokens, as the external access of the portal names it. */
const OWN_TOKEN = /^external:asset-manager:([a-z0-9-]+)[/]([0-9a-z]{26})$/;

const isRead = (req: Request) => ['GET', 'HEAD'].includes(req.method);

/** Tells who sent a request, and what they own things as. */
export class CallerResolver {
  readonly #auth: AuthService;
  readonly #httpAuth: HttpAuthService;
  readonly #callers: Callers;
  readonly #accounts: ServiceAccountService;
  readonly #policy: PortalPolicy;
  readonly #services: Map<string, ConfiguredService>;

  constructor(options: {
    auth: AuthService;
    httpAuth: HttpAuthService;
    callers: Callers;
    accounts: ServiceAccountService;
    policy: PortalPolicy;
    services: readonly ConfiguredService[];
  }) {
    this.#auth = options.auth;
    this.#httpAuth = options.httpAuth;
    this.#callers = options.callers;
    this.#accounts = options.accounts;
    this.#policy = options.policy;
    this.#services = new Map(
      options.services.map(account => [account.subject, account]),
    );
  }

  /**
   * @param options.limited - whether the cookie that the browser sends along is enough
   * @param options.fresh - whether groups are asked for anew; so it is for what
   *   changes anything, unless a request is one of thousands and the last of them
   *   asks anew
   * @throws AuthenticationError when nobody is signed in
   * @throws NotAllowedError for services that have no account here
   */
  async resolve(
    req: Request,
    options: { limited?: boolean; fresh?: boolean } = {},
  ): Promise<Caller> {
    const caller = await this.#sender(req, options);
    noteContext({ actor: caller.subject });
    const viewed = req.get(VIEW_AS_HEADER);
    return viewed === undefined ? caller : this.#viewAs(caller, viewed, req);
  }

  /** With the eyes of somebody else, as far as the portal's policy does not matter. */
  async #viewAs(caller: Caller, text: string, req: Request): Promise<Caller> {
    if (!caller.administrator) {
      throw new NotAllowedError(
        `only administrators may look with the eyes of others, and ${caller.subject} is none`,
      );
    }
    if (!isRead(req)) {
      throw new NotAllowedError(
        `nothing can be changed with the eyes of ${text}; stop looking so first`,
      );
    }
    const principal = readEntityRef('principal', text, 'user');
    const viewed = await this.#callers.ofPrincipal(principal);
    return { ...viewed, viewedBy: caller.subject };
  }

  async #sender(
    req: Request,
    options: { limited?: boolean; fresh?: boolean },
  ): Promise<Caller> {
    const credentials = await this.#httpAuth.credentials(req, {
      allow: ['user', 'service'],
      allowLimitedAccess: options.limited,
    });
    const fresh = options.fresh ?? !isRead(req);
    if (this.#auth.isPrincipal(credentials, 'user')) {
      const { userEntityRef, actor } = credentials.principal;
      noteContext({ via: actor?.subject });
      const [caller, policy] = await Promise.all([
        this.#callers.ofUser(userEntityRef, { fresh }),
        this.#policy.for(userEntityRef, credentials, { fresh }),
      ]);
      return { ...caller, policy };
    }
    const { subject } = credentials.principal as { subject: string };
    const policy = await this.#policy.for(subject, credentials, { fresh });
    const own = OWN_TOKEN.exec(subject);
    if (own) {
      noteContext({ via: `token:${own[2]}` });
      const account = await this.#accounts.accountOf(own[1], own[2]);
      if (!account)
        throw new AuthenticationError(
          `the token of ${own[1]} was revoked, or has ended`,
        );
      return { ...(await this.#callers.ofAccount(account)), policy };
    }
    const account = this.#services.get(subject);
    if (!account) {
      throw new NotAllowedError(
        `${subject} has no account here; the configuration names services under assetManager.serviceAccounts`,
      );
    }
    return { ...(await this.#callers.ofService(account)), policy };
  }
}

/** For the audit trail. */
function noteContext(known: { actor?: string; via?: string }): void {
  Object.assign(requestContext.getStore() ?? {}, known);
}
