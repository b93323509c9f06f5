import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { ManifestReader } from './ManifestReader';
import type { Repository } from './ports';

/** What looking through the manifests of an asset showed. */
export interface HeldBlobsFound {
  /** Those of the candidates that some version needs. */
  held: Set<Digest>;
  /** The versions that were looked through. */
  versions: ReadonlySet<number>;
}

/**
 * Tells which blobs the versions of an asset need, deleted ones too as long as
 * they can be brought back. Manifests may have to be read for it, so it stands
 * outside of transactions; `isComplete` tells inside of one whether it still holds.
 */
export class HeldBlobs {
  readonly #repository: Repository;
  readonly #manifests: ManifestReader;

  constructor(options: { repository: Repository; manifests: ManifestReader }) {
    this.#repository = options.repository;
    this.#manifests = options.manifests;
  }

  /** @param without - a version whose needs do not count */
  async among(
    assetId: number,
    candidates: ReadonlySet<Digest>,
    without?: number,
  ): Promise<HeldBlobsFound> {
    const held = new Set<Digest>();
    const asset = await this.#repository.assets.byId(assetId);
    const versions = await this.#repository.versions.keptIds(assetId);
    for (const id of versions) {
      if (id === without) continue;
      for (const page of await this.#repository.versions.pages(id)) {
        for (const { digest } of await this.#manifests.entries(
          asset.uid,
          page,
        )) {
          if (candidates.has(digest)) held.add(digest);
        }
      }
    }
    return { held, versions: new Set(versions) };
  }

  /**
   * Whether no version came or came back since, and no upload may rely on what
   * stands. Belongs into a transaction that has locked the asset.
   */
  static async isComplete(
    repository: Repository,
    assetId: number,
    found: HeldBlobsFound,
    now: string,
  ): Promise<boolean> {
    if (await repository.uploads.openUntil(assetId, now)) return false;
    const versions = await repository.versions.keptIds(assetId);
    return versions.every(id => found.versions.has(id));
  }
}
