import type {
  AssetName,
  MoveRequest,
  StageMove,
  VersionStage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetPath, RequestOptions, SendOptions } from './requests';

/** A version, by a label, alias, stage, digest or `latest`. */
type VersionName = AssetName & { selector?: string };

const versionPath = (version: VersionName) =>
  `${assetPath(version)}/versions/${encodeURIComponent(
    version.selector ?? 'latest',
  )}`;

/**
 * Where versions stand in their life: the part of the HTTP API that is about stages.
 *
 * @throws AssetManagerError from every method, as `AssetManagerClient`
 * @public
 */
export class LifecycleClient {
  readonly #send: (path: string, options?: SendOptions) => Promise<string>;

  /** @internal */
  constructor(send: (path: string, options?: SendOptions) => Promise<string>) {
    this.#send = send;
  }

  /** Where a version stands, and where the caller could move it. */
  async getStage(
    version: VersionName,
    options?: RequestOptions,
  ): Promise<VersionStage> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/stage`, options),
    );
  }

  /** Moves a version to another stage, as its type says. */
  async move(
    version: VersionName,
    request: MoveRequest,
    options?: RequestOptions,
  ): Promise<StageMove> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/transitions`, {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }

  /** How versions have moved, newest first; of one alone when it has a selector. */
  async listMoves(
    name: VersionName,
    options?: RequestOptions,
  ): Promise<StageMove[]> {
    return JSON.parse(
      await this.#send(`${assetPath(name)}/transitions`, {
        ...options,
        query: { version: name.selector },
      }),
    ).items;
  }
}
