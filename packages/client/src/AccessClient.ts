import type {
  AccessExplanation,
  AccessRequest,
  AssetAccess,
  AssetName,
  CreateAccessRequest,
  CreatedServiceToken,
  CreateFederationRequest,
  CreateGrantRequest,
  CreateServiceAccountRequest,
  CreateServiceTokenRequest,
  DecideAccessRequest,
  Federation,
  FederationSettings,
  Grant,
  ServiceAccount,
  ServiceToken,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetPath, RequestOptions, SendOptions } from './requests';

const accountPath = (name: string) =>
  `/service-accounts/${encodeURIComponent(name)}`;

/**
 * Who may do what with assets: the part of the HTTP API that is about access.
 *
 * @throws AssetManagerError from every method, as `AssetManagerClient`
 * @public
 */
export class AccessClient {
  readonly #send: (path: string, options?: SendOptions) => Promise<string>;

  /** @internal */
  constructor(send: (path: string, options?: SendOptions) => Promise<string>) {
    this.#send = send;
  }

  /** Who has access to an asset; for those who may give it. */
  async ofAsset(
    name: AssetName,
    options?: RequestOptions,
  ): Promise<AssetAccess> {
    return JSON.parse(await this.#send(`${assetPath(name)}/access`, options));
  }

  /** @param scope - `everything`, `type:…`, `namespace:…` or `asset:…` */
  async listGrants(scope: string, options?: RequestOptions): Promise<Grant[]> {
    const text = await this.#send('/grants', { ...options, query: { scope } });
    return JSON.parse(text).items;
  }

  /** Gives a role to a person or group, or denies it. */
  async grant(
    request: CreateGrantRequest,
    options?: RequestOptions,
  ): Promise<Grant> {
    const text = await this.#send('/grants', {
      ...options,
      method: 'POST',
      body: request,
    });
    return JSON.parse(text);
  }

  async endGrant(id: string, options?: RequestOptions): Promise<void> {
    await this.#send(`/grants/${encodeURIComponent(id)}`, {
      ...options,
      method: 'DELETE',
      again: false,
    });
  }

  /** Asks for access; the answer does not tell whether there is such an asset. */
  async createRequest(
    request: CreateAccessRequest,
    options?: RequestOptions,
  ): Promise<AccessRequest> {
    return JSON.parse(
      await this.#send('/access-requests', {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }

  /** The caller's own requests for access, newest first. */
  async listRequests(options?: RequestOptions): Promise<AccessRequest[]> {
    return JSON.parse(await this.#send('/access-requests', options)).items;
  }

  /** Who asks for access to an asset, the oldest first; for those who may give it. */
  async listRequestsOfAsset(
    name: AssetName,
    options?: RequestOptions,
  ): Promise<AccessRequest[]> {
    return JSON.parse(
      await this.#send(`${assetPath(name)}/access-requests`, options),
    ).items;
  }

  /** Withdraws an open request of the caller's. */
  async withdrawRequest(id: string, options?: RequestOptions): Promise<void> {
    await this.#send(`/access-requests/${encodeURIComponent(id)}`, {
      ...options,
      method: 'DELETE',
      again: false,
    });
  }

  /** Grants what was asked for, or declines it. */
  async decideRequest(
    id: string,
    decision: DecideAccessRequest,
    options?: RequestOptions,
  ): Promise<AccessRequest> {
    return JSON.parse(
      await this.#send(`/access-requests/${encodeURIComponent(id)}/decision`, {
        ...options,
        method: 'PUT',
        body: decision,
        again: false,
      }),
    );
  }

  /** Those of the caller's groups; all for administrators. */
  async listServiceAccounts(
    options?: RequestOptions,
  ): Promise<ServiceAccount[]> {
    return JSON.parse(await this.#send('/service-accounts', options)).items;
  }

  async createServiceAccount(
    request: CreateServiceAccountRequest,
    options?: RequestOptions,
  ): Promise<ServiceAccount> {
    return JSON.parse(
      await this.#send('/service-accounts', {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }

  /** Refuses all tokens of an account from now on, or takes that back. */
  async setServiceAccountDisabled(
    name: string,
    disabled: boolean,
    options?: RequestOptions,
  ): Promise<ServiceAccount> {
    return JSON.parse(
      await this.#send(accountPath(name), {
        ...options,
        method: 'PATCH',
        body: { disabled },
      }),
    );
  }

  /** Newest first; what is known of them, and never their text. */
  async listServiceTokens(
    name: string,
    options?: RequestOptions,
  ): Promise<ServiceToken[]> {
    return JSON.parse(await this.#send(`${accountPath(name)}/tokens`, options))
      .items;
  }

  /** Makes a token, whose text is in the answer and can't be had again. */
  async createServiceToken(
    name: string,
    request: CreateServiceTokenRequest = {},
    options?: RequestOptions,
  ): Promise<CreatedServiceToken> {
    return JSON.parse(
      await this.#send(`${accountPath(name)}/tokens`, {
        ...options,
        method: 'POST',
        body: request,
        // Another try would make another one, which nobody knows of.
        again: false,
      }),
    );
  }

  async revokeServiceToken(
    name: string,
    id: string,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#send(`${accountPath(name)}/tokens/${encodeURIComponent(id)}`, {
      ...options,
      method: 'DELETE',
      again: false,
    });
  }

  /** Whose tokens can stand for service accounts. */
  async getFederationSettings(
    options?: RequestOptions,
  ): Promise<FederationSettings> {
    return JSON.parse(await this.#send('/federation-settings', options));
  }

  /** Which tokens of other issuers stand for an account, newest first. */
  async listFederations(
    name: string,
    options?: RequestOptions,
  ): Promise<Federation[]> {
    return JSON.parse(
      await this.#send(`${accountPath(name)}/federations`, options),
    ).items;
  }

  async createFederation(
    name: string,
    request: CreateFederationRequest,
    options?: RequestOptions,
  ): Promise<Federation> {
    return JSON.parse(
      await this.#send(`${accountPath(name)}/federations`, {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }

  /** Ends one; what its tokens were exchanged for is refused, too. */
  async revokeFederation(
    name: string,
    id: string,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#send(
      `${accountPath(name)}/federations/${encodeURIComponent(id)}`,
      { ...options, method: 'DELETE', again: false },
    );
  }

  /**
   * What somebody may do with an asset, and why.
   *
   * @param principal - entity reference; the caller when left out
   */
  async explain(
    name: AssetName,
    principal?: string,
    options?: RequestOptions,
  ): Promise<AccessExplanation> {
    return JSON.parse(
      await this.#send(`${assetPath(name)}/explanation`, {
        ...options,
        query: { principal },
      }),
    );
  }
}
