import type {
  Lineage,
  LineageDirection,
  RecordRunRequest,
  Run,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  RequestOptions,
  SendOptions,
  versionPath,
  VersionReference,
} from './requests';

/**
 * What was run, and what came of what: the part of the HTTP API that is about runs.
 *
 * @throws AssetManagerError from every method, as `AssetManagerClient`
 * @public
 */
export class LineageClient {
  readonly #send: (path: string, options?: SendOptions) => Promise<string>;

  /** @internal */
  constructor(send: (path: string, options?: SendOptions) => Promise<string>) {
    this.#send = send;
  }

  /**
   * What a version was made of, and what was made of it, as far as the caller may
   * see it.
   *
   * @param options.direction - both when left out
   * @param options.depth - runs from the version at most, 1 to 20; 5 when left out
   */
  async explore(
    version: VersionReference,
    options: RequestOptions & {
      direction?: LineageDirection;
      depth?: number;
    } = {},
  ): Promise<Lineage> {
    const { direction, depth, ...rest } = options;
    return JSON.parse(
      await this.#send(`${versionPath(version)}/lineage`, {
        ...rest,
        query: { direction, depth },
      }),
    );
  }

  /**
   * Writes down a run, and which versions it read and made. With an `id` of one's own
   * it may be told again without being written twice.
   */
  async recordRun(
    run: RecordRunRequest,
    options?: RequestOptions,
  ): Promise<Run> {
    return JSON.parse(
      await this.#send('/runs', { ...options, method: 'POST', body: run }),
    );
  }

  /** A run with those of its inputs and outputs that the caller may see. */
  async getRun(id: string, options?: RequestOptions): Promise<Run> {
    return JSON.parse(
      await this.#send(`/runs/${encodeURIComponent(id)}`, options),
    );
  }
}
