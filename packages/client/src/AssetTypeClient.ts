import type {
  AppliedAssetType,
  ApplyAssetTypeRequest,
  AssetType,
  AssetTypeDetail,
  AssetTypeProblem,
  AssetTypeRevision,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { RequestOptions, SendOptions } from './requests';

const typePath = (name: string) => `/asset-types/${encodeURIComponent(name)}`;

/**
 * The rules of asset types: the part of the HTTP API that is about them.
 *
 * @throws AssetManagerError from every method, as `AssetManagerClient`
 * @public
 */
export class AssetTypeClient {
  readonly #send: (path: string, options?: SendOptions) => Promise<string>;

  /** @internal */
  constructor(send: (path: string, options?: SendOptions) => Promise<string>) {
    this.#send = send;
  }

  /** By name, each with its newest rules. */
  async list(options?: RequestOptions): Promise<AssetType[]> {
    return JSON.parse(await this.#send('/asset-types', options)).items;
  }

  /**
   * A type with its document as somebody wrote it.
   *
   * @param revision - the newest when left out
   */
  async get(
    name: string,
    revision?: number,
    options?: RequestOptions,
  ): Promise<AssetTypeDetail> {
    const path =
      revision === undefined
        ? typePath(name)
        : `${typePath(name)}/revisions/${revision}`;
    return JSON.parse(await this.#send(path, options));
  }

  /** What a type has said over time, newest first. */
  async listRevisions(
    name: string,
    options?: RequestOptions,
  ): Promise<AssetTypeRevision[]> {
    return JSON.parse(await this.#send(`${typePath(name)}/revisions`, options))
      .items;
  }

  /** What keeps a document from being used; nothing when nothing does. */
  async lint(
    document: string,
    options?: RequestOptions,
  ): Promise<AssetTypeProblem[]> {
    const text = await this.#send('/asset-types/lint', {
      ...options,
      method: 'POST',
      body: { document },
    });
    return JSON.parse(text).problems;
  }

  /** Makes a document the newest revision of its type, or a new type of it. */
  async apply(
    request: ApplyAssetTypeRequest,
    options?: RequestOptions,
  ): Promise<AppliedAssetType> {
    const text = await this.#send('/asset-types', {
      ...options,
      method: 'POST',
      body: request,
      // Said twice it is the same revision: it says what the newest one says.
    });
    return JSON.parse(text);
  }
}
