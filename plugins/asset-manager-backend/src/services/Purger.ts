import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import {
  Digest,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { HeldBlobs } from './HeldBlobs';
import type { ManifestReader } from './ManifestReader';
import type { AssetRecord, Clock, Repository, VersionRecord } from './ports';

/** What one run looks at. */
const CAP = 1000;

/**
 * Gives up the bytes of what was deleted so long ago that it can't be brought
 * back any more. What no other version needs is condemned, and deleted by the
 * `BlobCollector` after its grace. Manifests and history stay.
 */
export class Purger {
  readonly #repository: Repository;
  readonly #manifests: ManifestReader;
  readonly #heldBlobs: HeldBlobs;
  readonly #now: Clock;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    manifests: ManifestReader;
    heldBlobs: HeldBlobs;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#manifests = options.manifests;
    this.#heldBlobs = options.heldBlobs;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  async run(signal?: AbortSignal): Promise<void> {
    const { assets, versions } = this.#repository;
    for (const asset of await assets.purgeable(this.#now(), CAP)) {
      signal?.throwIfAborted();
      await this.#purgeAsset(asset);
    }
    for (const version of await versions.purgeable(this.#now(), CAP)) {
      signal?.throwIfAborted();
      try {
        await this.#purgeVersion(version);
      } catch (error) {
        // A manifest that can't be read now: nothing of the version is touched.
        this.#logger.warn(
          'the bytes of a deleted version could not be given up yet',
          isError(error) ? error : undefined,
        );
      }
    }
  }

  async #purgeAsset({ id }: AssetRecord): Promise<void> {
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(id);
      const asset = await repository.assets.byId(id);
      const now = this.#now();
      if (!asset.deletion || asset.deletion.until >= now) return;
      if ((await repository.holds.list(id)).length > 0) return;
      await repository.blobs.forget(id, undefined, now);
      await repository.assets.setDeletion(id, {
        ...asset.deletion,
        purgedAt: now,
      });
      await repository.assets.freeName(id);
      this.#logger.info(
        `gave up the bytes of ${formatReference(asset)}, which was deleted on ${
          asset.deletion.at
        }`,
      );
    });
  }

  async #purgeVersion({ id, assetId }: VersionRecord): Promise<void> {
    const asset = await this.#repository.assets.byId(assetId);
    const digests = new Set<Digest>();
    for (const page of await this.#repository.versions.pages(id)) {
      for (const { digest } of await this.#manifests.entries(asset.uid, page))
        digests.add(digest);
    }
    const seen = await this.#heldBlobs.among(assetId, digests, id);
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(assetId);
      const version = await repository.versions.byId(id);
      const now = this.#now();
      if (!version.deletion || version.deletion.until >= now) return;
      // Perhaps since the list was read: reading manifests takes its time.
      const holds = await repository.holds.list(assetId);
      if (
        holds.some(
          ({ versionId }) => versionId === undefined || versionId === id,
        )
      )
        return;
      if (!(await HeldBlobs.isComplete(repository, assetId, seen, now))) return;
      await repository.blobs.forget(
        assetId,
        [...digests].filter(digest => !seen.held.has(digest)),
        now,
      );
      await repository.versions.setDeletion(id, {
        ...version.deletion,
        purgedAt: now,
      });
    });
  }
}
