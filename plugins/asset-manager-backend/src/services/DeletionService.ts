import { ConflictError, NotAllowedError } from '@backstage/errors';
import {
  AssetName,
  AssetVersion,
  DeletedAsset,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import type { AccessDecider } from './AccessDecider';
import { AssetNotFoundError, AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { ChangeSignal } from './ChangeSignal';
import type {
  AssetRecord,
  Clock,
  DeletionRecord,
  Repository,
  VersionRecord,
} from './ports';
import { demandNoHold, demandRetained } from './keeping';
import { resolveSelector } from './selectors';
import { presentDeletion, presentVersions } from './VersionService';

const LISTED = 200;

/**
 * Deletes versions and assets, and brings them back. What is deleted can't be
 * read; its bytes are kept for a while, and then given up by the `Purger`.
 */
export class DeletionService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #now: Clock;
  readonly #undoMs: number;
  readonly #changed: ChangeSignal;
  readonly #onUndeleted: (versionId: number) => Promise<void>;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    now: Clock;
    /** How long deleted things can be brought back. */
    undoMs: number;
    changed: ChangeSignal;
    /** Told of a version that is there again. */
    onUndeleted: (versionId: number) => Promise<void>;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#now = options.now;
    this.#undoMs = options.undoMs;
    this.#changed = options.changed;
    this.#onUndeleted = options.onUndeleted;
  }

  /**
   * Deletes a version; one that is deleted already stays as it was deleted, so
   * that whoever did not hear an answer may ask again.
   *
   * @throws ConflictError when an alias points to it
   */
  async deleteVersion(
    caller: Caller,
    name: AssetName,
    selector: string,
    reason: string | undefined,
  ): Promise<AssetVersion> {
    return this.#changeVersion(
      caller,
      name,
      selector,
      async (repository, version) => {
        const reference = formatReference({ ...name, selector: version.label });
        if (version.deletion) return { deletion: version.deletion };
        const aliases = await repository.versions.aliasesOf(version.id);
        if (aliases.length > 0) {
          throw new ConflictError(
            `${reference} can't be deleted: the alias ${aliases.join(
              ', ',
            )} points to it; move it first`,
          );
        }
        const asset = await repository.assets.byId(version.assetId);
        await demandNoHold(repository, asset, version);
        await demandRetained(repository, asset, version, {
          type: await this.#types.find(asset.type, repository),
          now: this.#now(),
        });
        const deletion = this.#deletion(caller, reason);
        await repository.versions.setDeletion(version.id, deletion);
        return { kind: 'version.deleted', deletion };
      },
    );
  }

  /** @throws ConflictError when it is not deleted, or its bytes are gone */
  async undeleteVersion(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<AssetVersion> {
    let id: number | undefined;
    const undeleted = await this.#changeVersion(
      caller,
      name,
      selector,
      async (repository, version) => {
        const reference = formatReference({ ...name, selector: version.label });
        if (!version.deletion)
          throw new ConflictError(`${reference} is not deleted`);
        if (version.deletion.purgedAt) {
          throw new ConflictError(
            `${reference} can't be brought back: its bytes were deleted on ${version.deletion.purgedAt}; pushing the same content again mends it`,
          );
        }
        await repository.versions.setDeletion(version.id, undefined);
        id = version.id;
        return { kind: 'version.undeleted', deletion: undefined };
      },
    );
    if (id !== undefined) await this.#onUndeleted(id);
    return undeleted;
  }

  /** Deletes an asset; one of the caller's that is deleted already stays as it was deleted. */
  async deleteAsset(
    caller: Caller,
    name: AssetName,
    reason: string | undefined,
  ): Promise<DeletedAsset> {
    const former = await this.#repository.assets.find(name, 'everything');
    if (former?.deletion && (await this.#may(caller, former)))
      return this.#present(former, former.deletion);
    const { id } = await this.#assets.findFor(caller, 'asset.delete', name);
    const deletion = this.#deletion(caller, reason);
    const { at } = deletion;
    const asset = await this.#repository.transaction(async repository => {
      await repository.assets.lock(id);
      const standing = await repository.assets.byId(id);
      if (standing.deletion) throw new AssetNotFoundError(name);
      await this.#access.demand(caller, 'asset.delete', standing, repository);
      await demandNoHold(repository, standing);
      await this.#demandAllRetained(repository, standing);
      await repository.assets.setDeletion(id, deletion);
      // Whoever could see it has to learn that it is gone.
      if (standing.visibility !== 'restricted') {
        await repository.changes.append({
          asset: standing,
          kind: 'asset.hidden',
          at,
          by: caller.subject,
        });
      }
      await repository.changes.append({
        asset: standing,
        kind: 'asset.deleted',
        at,
        by: caller.subject,
        details: { reason },
      });
      return { ...standing, deletion };
    });
    this.#changed.raise();
    return this.#present(asset, deletion);
  }

  async #demandAllRetained(
    repository: Repository,
    asset: AssetRecord,
  ): Promise<void> {
    const type = await this.#types.find(asset.type, repository);
    if (!type?.spec.retention) return;
    // The newest one is kept longest, unless they are kept from their last move on.
    for (const id of await repository.versions.keptIds(asset.id))
      await demandRetained(
        repository,
        asset,
        await repository.versions.byId(id),
        { type, now: this.#now() },
      );
  }

  #deletion(caller: Caller, reason: string | undefined): DeletionRecord {
    const at = this.#now();
    return {
      at,
      by: caller.subject,
      reason,
      until: new Date(Date.parse(at) + this.#undoMs).toISOString(),
    };
  }

  /** @throws AssetNotFoundError when the caller has no deleted asset of this name */
  async undeleteAsset(caller: Caller, name: AssetName): Promise<void> {
    const found = await this.#repository.assets.find(name, 'everything');
    if (!found?.deletion || !(await this.#may(caller, found))) {
      // One that stands says so; of another one's deleted asset nobody hears.
      const standing = await this.#assets.find(caller, name);
      throw (await this.#may(caller, standing))
        ? new ConflictError(`${formatReference(name)} is not deleted`)
        : new NotAllowedError(
            `only ${
              standing.owner
            } may bring back what was at ${formatReference(name)}`,
          );
    }
    const at = this.#now();
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(found.id);
      const asset = await repository.assets.byId(found.id);
      if (!asset.deletion || asset.deletion.purgedAt)
        throw new AssetNotFoundError(name);
      await repository.assets.setDeletion(asset.id, undefined);
      await repository.changes.append({
        asset,
        kind: 'asset.undeleted',
        at,
        by: caller.subject,
      });
    });
    this.#changed.raise();
  }

  /** The caller's own that can be brought back, the last deleted first. */
  async list(caller: Caller): Promise<DeletedAsset[]> {
    const deleted: DeletedAsset[] = [];
    for (const asset of await this.#repository.assets.deleted(caller, LISTED))
      if (await this.#may(caller, asset))
        deleted.push(await this.#present(asset, asset.deletion!));
    return deleted;
  }

  #may(caller: Caller, asset: AssetRecord): Promise<boolean> {
    return this.#access.may(caller, 'asset.delete', asset);
  }

  async #changeVersion(
    caller: Caller,
    name: AssetName,
    selector: string,
    change: (
      repository: Repository,
      version: VersionRecord,
    ) => Promise<{
      /** Absent when it was so already. */
      kind?: 'version.deleted' | 'version.undeleted';
      deletion: DeletionRecord | undefined;
    }>,
  ): Promise<AssetVersion> {
    const asset = await this.#assets.findFor(caller, 'asset.delete', name);
    const { id } = await resolveSelector(this.#repository, asset, selector);
    const at = this.#now();
    const changed = await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      const now = await repository.assets.byId(asset.id);
      if (now.deletion) throw new AssetNotFoundError(name);
      await this.#access.demand(caller, 'asset.delete', now, repository);
      const version = await repository.versions.byId(id);
      const { kind, deletion } = await change(repository, version);
      if (!kind) return version;
      await repository.assets.touch(asset.id, at);
      await repository.changes.append({
        asset,
        kind,
        subject: version.label,
        at,
        by: caller.subject,
        details: { digest: version.digest, reason: deletion?.reason },
      });
      return { ...version, deletion };
    });
    this.#changed.raise();
    const [version] = await presentVersions(this.#repository, asset, [changed]);
    return version;
  }

  async #present(
    asset: AssetRecord,
    deletion: DeletionRecord,
  ): Promise<DeletedAsset> {
    const { versionCount } = await this.#repository.versions.sizes(asset.id);
    return {
      namespace: asset.namespace,
      name: asset.name,
      type: asset.type,
      owner: asset.owner,
      title: asset.title,
      versionCount,
      deletion: presentDeletion(deletion),
    };
  }
}
