import type {
  AuthService,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import { NotAllowedError } from '@backstage/errors';
import type { Request } from 'express';
import type { Caller } from '../model/caller';
import type { PortalPolicy } from '../permissions/PortalPolicy';
import type { Users } from '../services/Users';

/** A service of the portal, or with a token of it, and what it acts as. */
export interface ServiceAccount {
  subject: string;
  /** Entity references. */
  groups: string[];
  /** Whether it sees internal assets without a grant. */
  internal: boolean;
}

/** It feeds assets to the catalog, where people read them. */
const CATALOG: ServiceAccount = {
  subject: 'plugin:catalog',
  groups: [],
  internal: true,
};

/** Tells who sent a request, and what they own things as. */
export class CallerResolver {
  readonly #auth: AuthService;
  readonly #httpAuth: HttpAuthService;
  readonly #users: Users;
  readonly #policy: PortalPolicy;
  readonly #serviceAccounts: Map<string, ServiceAccount>;

  constructor(options: {
    auth: AuthService;
    httpAuth: HttpAuthService;
    users: Users;
    policy: PortalPolicy;
    serviceAccounts: readonly ServiceAccount[];
  }) {
    this.#auth = options.auth;
    this.#httpAuth = options.httpAuth;
    this.#users = options.users;
    this.#policy = options.policy;
    this.#serviceAccounts = new Map(
      [CATALOG, ...options.serviceAccounts].map(account => [
        account.subject,
        account,
      ]),
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
    const credentials = await this.#httpAuth.credentials(req, {
      allow: ['user', 'service'],
      allowLimitedAccess: options.limited,
    });
    const fresh = options.fresh ?? !['GET', 'HEAD'].includes(req.method);
    if (this.#auth.isPrincipal(credentials, 'user')) {
      const { userEntityRef } = credentials.principal;
      const [caller, policy] = await Promise.all([
        this.#users.callerOf(userEntityRef, { fresh }),
        this.#policy.for(userEntityRef, credentials, { fresh }),
      ]);
      return { ...caller, policy };
    }
    const { subject } = credentials.principal as { subject: string };
    const account = this.#serviceAccounts.get(subject);
    if (!account) {
      throw new NotAllowedError(
        `${subject} has no account here; the configuration names services under assetManager.serviceAccounts`,
      );
    }
    return {
      kind: 'service',
      subject,
      groups: account.groups,
      ownershipEntityRefs: account.groups,
      sees: account.internal ? ['public', 'internal'] : ['public'],
      administrator: false,
      policy: await this.#policy.for(subject, credentials, { fresh }),
    };
  }
}
