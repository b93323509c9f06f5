import type {
  AuthService,
  HttpAuthService,
  UserInfoService,
} from '@backstage/backend-plugin-api';
import type { Request } from 'express';
import type { Caller } from '../model/caller';

/** Group memberships are asked for anew after this long. */
const FRESH_MS = 5_000;

/** A service that acts as a member of groups. */
export interface ServiceAccount {
  subject: string;
  groups: string[];
}

/** Tells who sent a request, and what they own things as. */
export class CallerResolver {
  readonly #auth: AuthService;
  readonly #httpAuth: HttpAuthService;
  readonly #userInfo: UserInfoService;
  readonly #serviceAccounts: Map<string, ServiceAccount>;
  readonly #memberships = new Map<
    string,
    { at: number; refs: Promise<string[]> }
  >();

  constructor(options: {
    auth: AuthService;
    httpAuth: HttpAuthService;
    userInfo: UserInfoService;
    serviceAccounts: readonly ServiceAccount[];
  }) {
    this.#auth = options.auth;
    this.#httpAuth = options.httpAuth;
    this.#userInfo = options.userInfo;
    this.#serviceAccounts = new Map(
      options.serviceAccounts.map(account => [account.subject, account]),
    );
  }

  /**
   * @param limited - whether the cookie that the browser sends along is enough
   * @throws AuthenticationError when nobody is signed in
   */
  async resolve(
    req: Request,
    options: { limited?: boolean } = {},
  ): Promise<Caller> {
    const credentials = await this.#httpAuth.credentials(req, {
      allow: ['user', 'service'],
      allowLimitedAccess: options.limited,
    });
    if (this.#auth.isPrincipal(credentials, 'user')) {
      const subject = credentials.principal.userEntityRef;
      const now = Date.now();
      let known = this.#memberships.get(subject);
      if (!known || now - known.at > FRESH_MS) {
        const refs = this.#userInfo
          .getUserInfo(credentials)
          .then(info => info.ownershipEntityRefs);
        refs.catch(() => this.#memberships.delete(subject));
        known = { at: now, refs };
        this.#memberships.set(subject, known);
      }
      return { kind: 'user', subject, ownershipEntityRefs: await known.refs };
    }
    const { subject } = credentials.principal as { subject: string };
    return {
      kind: 'service',
      subject,
      ownershipEntityRefs: this.#serviceAccounts.get(subject)?.groups ?? [],
    };
  }
}
