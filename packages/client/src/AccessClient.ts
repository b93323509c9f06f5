import type {
  AccessExplanation,
  AssetAccess,
  AssetName,
  CreateGrantRequest,
  Grant,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetPath, RequestOptions, SendOptions } from './requests';

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
