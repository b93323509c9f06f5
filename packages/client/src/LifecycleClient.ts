import type {
  AssetName,
  AssetVersion,
  Check,
  DecideRequest,
  Hold,
  MoveRequest,
  MoveResult,
  RecordCheckRequest,
  StageMove,
  TransitionRequest,
  UpdateVersionRequest,
  VersionStage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetPath,
  RequestOptions,
  SendOptions,
  versionPath,
  VersionReference,
} from './requests';

const requestPath = (id: string) =>
  `/transition-requests/${encodeURIComponent(id)}`;

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
    version: VersionReference,
    options?: RequestOptions,
  ): Promise<VersionStage> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/stage`, options),
    );
  }

  /** Moves a version to another stage as its type says, or asks for it when a gate is in the way. */
  async move(
    version: VersionReference,
    request: MoveRequest,
    options?: RequestOptions,
  ): Promise<MoveResult> {
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
    name: VersionReference,
    options?: RequestOptions,
  ): Promise<StageMove[]> {
    return JSON.parse(
      await this.#send(`${assetPath(name)}/transitions`, {
        ...options,
        query: { version: name.selector },
      }),
    ).items;
  }

  /** What was asked for of the versions of an asset, newest first. */
  async listRequests(
    name: AssetName,
    options?: RequestOptions,
  ): Promise<TransitionRequest[]> {
    return JSON.parse(
      await this.#send(`${assetPath(name)}/transition-requests`, options),
    ).items;
  }

  /** Open requests that the caller may approve, and those that the caller asked for; oldest first. */
  async listMine(
    options?: RequestOptions,
  ): Promise<{ toDecide: TransitionRequest[]; asked: TransitionRequest[] }> {
    return JSON.parse(await this.#send('/transition-requests', options));
  }

  /** A request with what its gates say now. */
  async getRequest(
    id: string,
    options?: RequestOptions,
  ): Promise<TransitionRequest> {
    return JSON.parse(await this.#send(requestPath(id), options));
  }

  /** Says yes or no to a transition, or lets it pass without a gate. */
  async decide(
    id: string,
    request: DecideRequest,
    options?: RequestOptions,
  ): Promise<TransitionRequest> {
    return JSON.parse(
      await this.#send(`${requestPath(id)}/decisions`, {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }

  /** Takes a request back; it stays in the history. */
  async withdraw(
    id: string,
    options?: RequestOptions,
  ): Promise<TransitionRequest> {
    return JSON.parse(
      await this.#send(requestPath(id), { ...options, method: 'DELETE' }),
    );
  }

  /** Changes the metadata of a version, which voids what was approved before. */
  async updateVersion(
    version: VersionReference,
    request: UpdateVersionRequest,
    options?: RequestOptions,
  ): Promise<AssetVersion> {
    return JSON.parse(
      await this.#send(versionPath(version), {
        ...options,
        method: 'PATCH',
        body: request,
      }),
    );
  }

  /** Says that a version is not to be used any more. */
  async retract(
    version: VersionReference,
    reason: string,
    options?: RequestOptions,
  ): Promise<AssetVersion> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/retraction`, {
        ...options,
        method: 'PUT',
        body: { reason },
      }),
    );
  }

  /** Takes a retraction back. */
  async reinstate(
    version: VersionReference,
    options?: RequestOptions,
  ): Promise<AssetVersion> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/retraction`, {
        ...options,
        method: 'DELETE',
      }),
    );
  }

  /** What keeps an asset and its versions from being deleted, oldest first. */
  async listHolds(name: AssetName, options?: RequestOptions): Promise<Hold[]> {
    return JSON.parse(await this.#send(`${assetPath(name)}/holds`, options))
      .items;
  }

  /** Keeps a version from being deleted and put away, or all of an asset without a selector. */
  async placeHold(
    name: VersionReference,
    reason: string,
    options?: RequestOptions,
  ): Promise<Hold> {
    return JSON.parse(
      await this.#send(`${assetPath(name)}/holds`, {
        ...options,
        method: 'POST',
        body: { version: name.selector, reason },
      }),
    );
  }

  async endHold(
    name: AssetName,
    id: string,
    reason: string,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#send(`${assetPath(name)}/holds/${encodeURIComponent(id)}`, {
      ...options,
      method: 'DELETE',
      query: { reason },
    });
  }

  /** The checks that were recorded of a version, newest first. */
  async listChecks(
    version: VersionReference,
    options?: RequestOptions,
  ): Promise<Check[]> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/checks`, options),
    ).items;
  }

  /** Records a fact about a version, for gates and people to read. */
  async recordCheck(
    version: VersionReference,
    request: RecordCheckRequest,
    options?: RequestOptions,
  ): Promise<Check> {
    return JSON.parse(
      await this.#send(`${versionPath(version)}/checks`, {
        ...options,
        method: 'POST',
        body: request,
      }),
    );
  }
}
