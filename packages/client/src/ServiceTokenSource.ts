import {
  AccessTokenAnswer,
  SERVICE_TOKEN_PREFIX,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { AssetManagerError } from './AssetManagerError';
import { retry } from './retry';

/** A token is renewed this long before it ends, so that no request is sent with a dying one. */
const MARGIN_MS = 60_000;

/**
 * What is exchanged: the token of a service account, or one that another issuer
 * signed, such as a CI system for a job, which stands for the account.
 *
 * @public
 */
export type ServiceCredential =
  | { token: string }
  | {
      account: string;
      /** Asked for each time, since such tokens live for minutes. */
      getIdToken: () => Promise<string>;
    };

/**
 * Exchanges what a pipeline or CI job has for the short-lived tokens that requests
 * carry (RFC 8693), and renews them in time.
 *
 * @public
 */
export class ServiceTokenSource {
  /** Whether a token is one of a service account. */
  static accepts(token: string): boolean {
    return token.startsWith(SERVICE_TOKEN_PREFIX);
  }

  readonly #url: string;
  readonly #credential: ServiceCredential;
  readonly #fetch: typeof fetch;
  #current?: { text: string; renewAt: number };
  #renewing?: Promise<string>;

  /** @param options.baseUrl - the API's address, e.g. `http://localhost:7007/api/asset-manager` */
  constructor(
    options: {
      baseUrl: string;
      fetch?: typeof fetch;
    } & ServiceCredential,
  ) {
    this.#url = `${options.baseUrl}/token`;
    this.#credential = options;
    this.#fetch = options.fetch ?? ((...request) => fetch(...request));
  }

  /**
   * A token that is good for a while.
   *
   * @throws AssetManagerError when what was shown is refused, or nobody answers
   */
  async get(): Promise<string> {
    if (this.#current && Date.now() < this.#current.renewAt)
      return this.#current.text;
    this.#renewing ??= retry(() => this.#exchange()).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #exchange(): Promise<string> {
    const shown = await this.#show();
    let response: Response;
    try {
      response = await this.#fetch(this.#url, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          ...shown,
        }),
      });
    } catch (cause) {
      throw new AssetManagerError({
        status: 0,
        message: `${new URL(this.#url).origin} can't be reached`,
        cause,
      });
    }
    if (!response.ok) {
      throw AssetManagerError.fromBody(
        response.status,
        await response.text().catch(() => ''),
      );
    }
    const answer = (await response.json()) as AccessTokenAnswer;
    this.#current = {
      text: answer.access_token,
      renewAt: Date.now() + answer.expires_in * 1000 - MARGIN_MS,
    };
    return answer.access_token;
  }

  async #show(): Promise<Record<string, string>> {
    const credential = this.#credential;
    return 'token' in credential
      ? {
          subject_token: credential.token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        }
      : {
          subject_token: await credential.getIdToken(),
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          service_account: credential.account,
        };
  }
}
