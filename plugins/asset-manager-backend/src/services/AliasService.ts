import { ConflictError, NotFoundError } from '@backstage/errors';
import {
  AliasMove,
  AssetAlias,
  AssetName,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldConflictError } from '../model/FieldError';
import { checkAlias } from '../model/labels';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { ChangeSignal } from './ChangeSignal';
import type { AssetRecord, Clock, Repository, VersionRecord } from './ports';
import { resolveSelector } from './selectors';

/** Moves the names that people give to versions, and remembers where they stood. */
export class AliasService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #now: Clock;
  readonly #changed: ChangeSignal;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    now: Clock;
    changed: ChangeSignal;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#now = options.now;
    this.#changed = options.changed;
  }

  async list(caller: Caller, name: AssetName): Promise<AssetAlias[]> {
    const asset = await this.#assets.find(caller, name);
    const aliases = await this.#repository.aliases.list(asset.id);
    return Promise.all(
      aliases.map(async alias => {
        const version = await this.#repository.versions.byId(alias.versionId);
        return {
          name: alias.name,
          label: version.label,
          digest: version.digest,
          updatedAt: alias.updatedAt,
          updatedBy: alias.updatedBy,
        };
      }),
    );
  }

  /** Newest first; of all aliases when none is named. */
  async history(
    caller: Caller,
    name: AssetName,
    alias: string | undefined,
  ): Promise<AliasMove[]> {
    const asset = await this.#assets.find(caller, name);
    return this.#repository.aliases.moves(asset.id, alias, 500);
  }

  /**
   * Points an alias to a version.
   *
   * @param expected - where the caller saw it: a label, or null for nowhere
   * @throws FieldConflictError when it points elsewhere by now
   */
  async set(
    caller: Caller,
    name: AssetName,
    options: { alias: string; selector: string; expected?: string | null },
  ): Promise<AliasMove> {
    const { id } = await this.#assets.find(caller, name);
    const move = await this.#repository.transaction(async repository => {
      const asset = await this.#lock(repository, caller, id, options.alias);
      const version = await resolveSelector(
        repository,
        asset,
        options.selector,
      );
      return setAlias({
        repository,
        asset,
        version,
        alias: options.alias,
        expected: options.expected,
        types: this.#types,
        at: this.#now(),
        by: caller.subject,
      });
    });
    this.#changed.raise();
    return move;
  }

  /** @throws NotFoundError when there is no such alias */
  async remove(
    caller: Caller,
    name: AssetName,
    alias: string,
  ): Promise<AliasMove> {
    const { id } = await this.#assets.find(caller, name);
    const at = this.#now();
    const move = await this.#repository.transaction(async repository => {
      const asset = await this.#lock(repository, caller, id, alias);
      const standing = await repository.aliases.find(asset.id, alias);
      if (!standing)
        throw new NotFoundError(
          `${formatReference(asset)} has no alias '${alias}'`,
        );
      const { label } = await repository.versions.byId(standing.versionId);
      const removed: AliasMove = {
        name: alias,
        from: label,
        at,
        by: caller.subject,
      };
      await repository.aliases.remove(asset.id, alias);
      await repository.aliases.recordMove(asset.id, removed);
      await repository.assets.touch(asset.id, at);
      await repository.changes.append({
        asset,
        kind: 'alias.moved',
        subject: alias,
        at,
        by: caller.subject,
        details: { old: { version: label } },
      });
      return removed;
    });
    this.#changed.raise();
    return move;
  }

  /** The asset as it stands under its lock, when the caller still may. */
  async #lock(
    repository: Repository,
    caller: Caller,
    id: number,
    alias: string,
  ): Promise<AssetRecord> {
    await repository.assets.lock(id);
    const asset = await repository.assets.byId(id);
    await this.#access.demandAlias({
      caller,
      asset,
      repository,
      alias,
      isProtected: await this.#types.protects(asset.type, alias, repository),
    });
    return asset;
  }
}

/**
 * Points an alias to a version inside a transaction that holds the asset's lock.
 *
 * @throws FieldError or FieldConflictError when the alias can't be that
 */
export async function setAlias(options: {
  repository: Repository;
  asset: AssetRecord;
  version: VersionRecord;
  alias: string;
  expected?: string | null;
  types: AssetTypes;
  at: string;
  by: string;
}): Promise<AliasMove> {
  const { repository, asset, version, alias, expected, types, at, by } =
    options;
  checkAlias({
    alias,
    stages: await types.stagesOf(asset.type, repository),
    labels: await repository.versions.labels(asset.id),
  });
  // It may have been deleted since it was looked up.
  if ((await repository.versions.byId(version.id)).deletion) {
    throw new ConflictError(
      `version '${version.label}' was deleted, and no alias can point to it`,
    );
  }
  const standing = await repository.aliases.find(asset.id, alias);
  const from =
    standing && (await repository.versions.byId(standing.versionId)).label;
  if (expected !== undefined && (expected ?? undefined) !== from) {
    throw new FieldConflictError(
      'expected',
      `alias '${alias}' points to ${from ?? 'nothing'} by now, not to ${
        expected ?? 'nothing'
      }`,
    );
  }
  const move: AliasMove = { name: alias, from, to: version.label, at, by };
  if (from === version.label) return move;
  await repository.aliases.set(asset.id, {
    name: alias,
    versionId: version.id,
    updatedAt: at,
    updatedBy: by,
  });
  await repository.aliases.recordMove(asset.id, move);
  await repository.assets.touch(asset.id, at);
  await repository.changes.append({
    asset,
    kind: 'alias.moved',
    subject: alias,
    at,
    by,
    details: {
      digest: version.digest,
      old: from === undefined ? undefined : { version: from },
      new: { version: version.label },
    },
  });
  return move;
}
