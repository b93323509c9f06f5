import type {
  AssetManagerClient,
  ServiceCredential,
  ServiceTokenSource,
} from '@baseasset/client';
import type { Transport } from '@baseasset/client/node';
import { CommandError, EXIT, UsageError } from './exit';
import { impatientFetch } from './impatientFetch';
import { idTokenSource } from './idToken';
import { Login, LoginStore } from './LoginStore';

/** A token is renewed this long before it ends, so that no request is sent with a dying one. */
const MARGIN_MS = 60_000;

/**
 * Which portal is meant and who is asking. In CI that is `ASSET_TOKEN`, a service
 * account's or one that the portal itself accepts, or the account that
 * `ASSET_SERVICE_ACCOUNT` names, by the token that the CI system gives the job; else
 * it is the login of a person, whose token is renewed as often as a long push
 * needs it.
 */
export class Session {
  readonly server: string;
  readonly #store: LoginStore;
  readonly #fixedToken: string | undefined;
  readonly #account: string | undefined;
  readonly #environment: NodeJS.ProcessEnv;
  #exchanged: ServiceTokenSource | undefined;
  #login: Login | undefined;
  #renewing: Promise<Login> | undefined;

  static async open(options: {
    server: string | undefined;
    environment: NodeJS.ProcessEnv;
  }): Promise<Session> {
    const { environment } = options;
    const store = new LoginStore(environment);
    const asked = options.server ?? (environment.ASSET_SERVER || undefined);
    const login = await store.find(
      asked === undefined ? undefined : normalizeServer(asked),
    );
    const server = asked === undefined ? login?.server : normalizeServer(asked);
    if (!server) {
      throw new CommandError(
        EXIT.signedOut,
        'you are not signed in, and no portal is named',
        [
          'to sign in: asset login --server https://your-portal',
          'in CI: set ASSET_SERVER, and ASSET_TOKEN or ASSET_SERVICE_ACCOUNT',
        ],
      );
    }
    return new Session({
      server,
      store,
      login,
      environment,
    });
  }

  private constructor(options: {
    server: string;
    store: LoginStore;
    login: Login | undefined;
    environment: NodeJS.ProcessEnv;
  }) {
    this.server = options.server;
    this.#store = options.store;
    this.#login = options.login;
    this.#environment = options.environment;
    this.#fixedToken = options.environment.ASSET_TOKEN || undefined;
    this.#account = options.environment.ASSET_SERVICE_ACCOUNT || undefined;
  }

  /** A token that is good for a while. */
  async token(): Promise<string> {
    if (this.#fixedToken) return this.#ofFixed(this.#fixedToken);
    if (this.#account) return this.#ofJob(this.#account);
    if (!this.#login) {
      throw new CommandError(
        EXIT.signedOut,
        `you are not signed in at ${this.server}`,
        [`to sign in: asset login --server ${this.server}`],
      );
    }
    if (this.#login.expiresAt - Date.now() > MARGIN_MS)
      return this.#login.accessToken;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    this.#login = await this.#renewing;
    return this.#login.accessToken;
  }

  /** A token of a service account opens nothing by itself. */
  async #ofFixed(token: string): Promise<string> {
    const { ServiceTokenSource: Source } = await import('@baseasset/client');
    return Source.accepts(token) ? this.#exchange({ token }) : token;
  }

  async #ofJob(account: string): Promise<string> {
    const getIdToken = idTokenSource(this.#environment, this.server);
    if (!getIdToken) {
      throw new CommandError(
        EXIT.signedOut,
        `there is no token of this job that could stand for the service account ${account}`,
        [
          'set ASSET_ID_TOKEN or ASSET_ID_TOKEN_FILE to what your CI system gives the job',
          'on GitHub Actions: give the job the permission id-token: write',
        ],
      );
    }
    return this.#exchange({ account, getIdToken });
  }

  async #exchange(credential: ServiceCredential): Promise<string> {
    const { ServiceTokenSource: Source } = await import('@baseasset/client');
    this.#exchanged ??= new Source({
      baseUrl: `${this.server}/api/asset-manager`,
      ...credential,
    });
    return this.#exchanged.get();
  }

  async client(): Promise<AssetManagerClient> {
    const { AssetManagerClient: Client } = await import('@baseasset/client');
    const fetchFrom = await this.#fetch();
    return new Client({
      baseUrl: `${this.server}/api/asset-manager`,
      fetch: async (input, init) => {
        const headers = new Headers(init?.headers);
        headers.set('Authorization', `Bearer ${await this.token()}`);
        return fetchFrom(input, { ...init, headers });
      },
    });
  }

  async #fetch(): Promise<typeof fetch> {
    // What reads it would cost every command its start.
    if (!this.#environment.BASEASSET_TIMEOUT) return fetch;
    const { silencePatience } = await import('@baseasset/client/node');
    const patience = silencePatience(this.#environment);
    return patience === undefined ? fetch : impatientFetch(patience);
  }

  async transport(): Promise<Transport> {
    const { silencePatience, Transport: Carrier } = await import(
      '@baseasset/client/node'
    );
    return new Carrier({
      getToken: () => this.token(),
      patience: silencePatience(this.#environment),
    });
  }

  async #renew(): Promise<Login> {
    const { renew } = await import('./signIn');
    return this.#store.withLock(async () => {
      // Another process may have been faster, and have used our refresh token up.
      const stored = await this.#store.find(this.server);
      if (stored && stored.expiresAt - Date.now() > MARGIN_MS) return stored;
      const login = await renew(stored ?? this.#login!);
      await this.#store.replace(login);
      return login;
    });
  }
}

/** The address of a portal without its last slash. @throws UsageError when it is none */
export function normalizeServer(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(
      `${JSON.stringify(
        text,
      )} is not an address; it has to begin with https://`,
    );
  }
  if (!['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(
      `${JSON.stringify(
        text,
      )} is not an address; it has to begin with https://`,
    );
  }
  return url.href.replace(/\/+$/, '');
}
