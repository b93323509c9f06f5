import type {
  AppliedAssetType,
  ApplyAssetTypeRequest,
  AssetType,
  AssetTypeDetail,
  AssetTypeDraft,
  AssetTypeRevision,
  LintedAssetType,
  PublishDraftRequest,
  SimulatedRules,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { linesOf, RequestOptions, SendOptions } from './requests';

const typePath = (name: string) => `/asset-types/${encodeURIComponent(name)}`;
const draftPath = (name: string) => `${typePath(name)}/draft`;

/**
 * The rules of asset types: the part of the HTTP API that is about them.
 *
 * @throws AssetManagerError from every method, as `AssetManagerClient`
 * @public
 */
export class AssetTypeClient {
  readonly #send: (path: string, options?: SendOptions) => Promise<string>;

  readonly #open: (path: string, options: SendOptions) => Promise<Response>;

  /** @internal */
  constructor(
    send: (path: string, options?: SendOptions) => Promise<string>,
    open: (path: string, options: SendOptions) => Promise<Response>,
  ) {
    this.#send = send;
    this.#open = open;
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

  /** What keeps a document from being used, and what it says when nothing does. */
  async lint(
    document: string,
    options?: RequestOptions,
  ): Promise<LintedAssetType> {
    const text = await this.#send('/asset-types/lint', {
      ...options,
      method: 'POST',
      body: { document },
    });
    return JSON.parse(text);
  }

  /**
   * Tells what a document would change for the versions that there are, and changes
   * nothing.
   *
   * @param options.onProgress - told how many versions were looked at, of how many
   */
  async simulate(
    document: string,
    options: RequestOptions & {
      onProgress?: (done: number, total: number) => void;
    } = {},
  ): Promise<SimulatedRules> {
    const response = await this.#open('/asset-types/simulate', {
      signal: options.signal,
      method: 'POST',
      body: { document },
    });
    for await (const text of linesOf(response.body!)) {
      const line = JSON.parse(text);
      if (line.kind === 'report') return line.report;
      options.onProgress?.(line.done, line.total);
    }
    throw new Error('the answer ended before there was a report');
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

  /** What a type may say next. */
  async getDraft(
    name: string,
    options?: RequestOptions,
  ): Promise<AssetTypeDraft> {
    return JSON.parse(await this.#send(draftPath(name), options));
  }

  /** Keeps a document until it is published, in the place of the draft that there was. */
  async saveDraft(
    name: string,
    request: { document: string; reason?: string },
    options?: RequestOptions,
  ): Promise<AssetTypeDraft> {
    return JSON.parse(
      await this.#send(draftPath(name), {
        ...options,
        method: 'PUT',
        body: request,
      }),
    );
  }

  /** Gives a draft up. */
  async discardDraft(name: string, options?: RequestOptions): Promise<void> {
    await this.#send(draftPath(name), { ...options, method: 'DELETE' });
  }

  /** Makes a draft the newest revision of its type. */
  async publishDraft(
    name: string,
    request: PublishDraftRequest,
    options?: RequestOptions,
  ): Promise<AppliedAssetType> {
    return JSON.parse(
      await this.#send(`${draftPath(name)}/publication`, {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }
}
