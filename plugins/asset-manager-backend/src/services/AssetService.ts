import { parseEntityRef, stringifyEntityRef } from '@backstage/catalog-model';
import { NotFoundError } from '@backstage/errors';
import {
  Asset,
  AssetFacets,
  AssetName,
  closeTo,
  AssetQuery,
  AssetSummary,
  CreateAssetRequest,
  formatReference,
  nameProblem,
  namespaceProblem,
  Page,
  refuse,
  UpdateAssetRequest,
  Verb,
  ASSET_VERBS,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { allows } from '../model/access';
import { Caller, chooseOwner, owns } from '../model/caller';
import { FieldConflictError, FieldError, inField } from '../model/FieldError';
import type { AccessDecider } from './AccessDecider';
import type { AssetTypes } from './AssetTypes';
import { cardChange, wholeCard } from './auditDetails';
import type { ChangeSignal } from './ChangeSignal';
import type { OwnerDirectory } from './OwnerDirectory';
import type { AssetListRecord, AssetRecord, Clock, Repository } from './ports';

/** There is no such asset, or none that the caller may read: nobody can tell which. */
export class AssetNotFoundError extends NotFoundError {
  readonly asset: AssetName;
  readonly suggestions: string[];

  constructor(name: AssetName, suggestions: AssetName[] = []) {
    super(`there is no asset ${formatReference(name)} that you may read`);
    this.asset = name;
    this.suggestions = suggestions.map(suggestion =>
      formatReference(suggestion),
    );
  }
}

const NO_RELATIONS = { derivedFrom: [], producedBy: [], consumedBy: [] };

/**
 * The normal form of an entity reference.
 *
 * @throws FieldError when it is none
 */
export function readEntityRef(
  field: string,
  text: string,
  defaultKind: string,
): string {
  return inField(field, () =>
    stringifyEntityRef(
      parseEntityRef(text, { defaultKind, defaultNamespace: 'default' }),
    ),
  );
}

/** Creates, shows, finds and edits assets. */
export class AssetService {
  readonly #repository: Repository;
  readonly #types: AssetTypes;
  readonly #owners: OwnerDirectory;
  readonly #access: AccessDecider;
  readonly #now: Clock;
  readonly #createUid: () => string;
  readonly #changed: ChangeSignal;

  constructor(options: {
    repository: Repository;
    types: AssetTypes;
    owners: OwnerDirectory;
    access: AccessDecider;
    now: Clock;
    createUid: () => string;
    changed: ChangeSignal;
  }) {
    this.#repository = options.repository;
    this.#types = options.types;
    this.#owners = options.owners;
    this.#access = options.access;
    this.#now = options.now;
    this.#createUid = options.createUid;
    this.#changed = options.changed;
  }

  /** @throws AssetNotFoundError when there is none that the caller may read */
  async find(caller: Caller, name: AssetName): Promise<AssetRecord> {
    const asset = await this.#repository.assets.find(name, caller);
    if (!asset) {
      const others = await this.#repository.assets.similar(name, caller);
      const meant = closeTo(
        name.name,
        others.map(other => other.name),
      );
      throw new AssetNotFoundError(
        name,
        meant.map(each => ({ namespace: name.namespace, name: each })),
      );
    }
    return asset;
  }

  /**
   * An asset that the caller may do something with.
   *
   * @throws NotAllowedError when the caller may see it, but not do this
   */
  async findFor(
    caller: Caller,
    verb: Verb,
    name: AssetName,
  ): Promise<AssetRecord> {
    const asset = await this.find(caller, name);
    await this.#access.demand(caller, verb, asset);
    return asset;
  }

  async get(caller: Caller, name: AssetName): Promise<Asset> {
    return this.#present(caller, await this.find(caller, name));
  }

  async list(
    caller: Caller,
    options: { query: AssetQuery; limit: number; cursor?: string },
  ): Promise<Page<AssetSummary>> {
    const { items, nextCursor } = await this.#repository.assets.list({
      ...options,
      viewer: caller,
    });
    const { asOf } = options.query;
    const shown =
      asOf === undefined
        ? items
        : await Promise.all(items.map(item => this.#asOf(item, asOf)));
    return { items: shown.map(toSummary), nextCursor };
  }

  /** An asset with the versions and aliases that it had at a time. */
  async #asOf(item: AssetListRecord, time: string): Promise<AssetListRecord> {
    const { versions, aliases } = this.#repository;
    return {
      ...item,
      versionCount: await versions.countUntil(item.id, time),
      latest: await versions.latest(item.id, time),
      aliases: [...(await aliases.asOf(item.id, time))].map(
        ([name, label]) => ({ name, label }),
      ),
    };
  }

  async facets(caller: Caller, query: AssetQuery): Promise<AssetFacets> {
    return this.#repository.assets.facets(query, caller);
  }

  async create(caller: Caller, request: CreateAssetRequest): Promise<Asset> {
    const name: AssetName = {
      namespace: request.namespace,
      name: request.name,
    };
    inField('namespace', () =>
      refuse('namespace', name.namespace, namespaceProblem(name.namespace)),
    );
    inField('name', () =>
      refuse('asset name', name.name, nameProblem(name.name)),
    );
    const type = await this.#types.get(request.type);
    const owner = chooseOwner(
      caller,
      request.owner === undefined
        ? undefined
        : readEntityRef('owner', request.owner, 'group'),
    );
    const visibility = request.visibility ?? type.spec.visibility ?? 'internal';
    // A deny of the namespace or type holds for what is its owner's as well.
    await this.#access.demand(caller, 'asset.create', {
      ...name,
      type: request.type,
      owner,
      visibility,
    });
    const at = this.#now();
    const asset = await this.#repository.transaction(async repository => {
      const standing = await repository.assets.find(name, 'everything');
      if (standing) {
        const own = standing.deletion && owns(caller, standing);
        throw new FieldConflictError(
          'name',
          `the name ${formatReference(name)} is taken${
            own
              ? ` by an asset that was deleted; to bring it back: asset undelete ${formatReference(
                  name,
                )}`
              : ''
          }`,
        );
      }
      const created = await repository.assets.insert({
        ...name,
        uid: this.#createUid(),
        type: request.type,
        owner,
        system:
          request.system === undefined
            ? undefined
            : readEntityRef('system', request.system, 'system'),
        visibility,
        title: request.title,
        description: request.description,
        tags: request.tags ?? [],
        relations: NO_RELATIONS,
        revision: 1,
        createdAt: at,
        createdBy: caller.subject,
        updatedAt: at,
      });
      await repository.changes.append({
        asset: created,
        kind: 'asset.created',
        at,
        by: caller.subject,
        details: { new: wholeCard(created) },
      });
      return created;
    });
    this.#changed.raise();
    return this.#present(caller, asset);
  }

  /**
   * Changes the card.
   *
   * @param expectedRevision - what the caller saw; undefined to change whatever stands
   */
  async update(
    caller: Caller,
    name: AssetName,
    request: UpdateAssetRequest,
    expectedRevision?: number,
  ): Promise<Asset> {
    const asset = await this.findFor(caller, 'asset.update', name);
    if (request.type !== undefined) await this.#types.get(request.type);
    const changed = applyChanges(asset, request);
    if (changed.owner !== asset.owner) {
      await this.#access.demandHandOver(caller, asset);
      // Nobody could ever change the asset again.
      if (!(await this.#owners.has(changed.owner)))
        throw new FieldError(
          'owner',
          `there is no ${changed.owner} in the catalog`,
        );
      if (!(await this.#access.may(caller, 'asset.read', changed)))
        throw new FieldError(
          'owner',
          `you do not belong to ${changed.owner}, and could not see the asset any more`,
        );
    }
    const at = this.#now();
    const updated = await this.#repository.transaction(async repository => {
      const result = await repository.assets.update({
        ...changed,
        revision: expectedRevision ?? asset.revision,
        updatedAt: at,
      });
      if (
        asset.visibility !== 'restricted' &&
        result.visibility === 'restricted'
      ) {
        // Who could see it until now has to learn that it is gone.
        await repository.changes.append({
          asset: result,
          kind: 'asset.hidden',
          at,
          by: caller.subject,
        });
      }
      await repository.changes.append({
        asset: result,
        kind: 'asset.updated',
        at,
        by: caller.subject,
        details: cardChange(asset, result),
      });
      return result;
    });
    this.#changed.raise();
    return this.#present(caller, updated);
  }

  async #present(caller: Caller, asset: AssetRecord): Promise<Asset> {
    const [access, sizes, latest, aliases, declarations] = await Promise.all([
      this.#access.of(caller, asset),
      this.#repository.versions.sizes(asset.id),
      this.#repository.versions.latest(asset.id),
      this.#repository.aliases.list(asset.id),
      this.#repository.declarations.list(asset.id),
    ]);
    const named = await Promise.all(
      aliases.map(async alias => ({
        name: alias.name,
        label: (await this.#repository.versions.byId(alias.versionId)).label,
      })),
    );
    const [declaration] = declarations;
    return {
      ...toSummary({
        ...asset,
        versionCount: sizes.versionCount,
        latest,
        aliases: named,
        declaration: declaration && {
          location: declaration.location,
          state: declaration.state,
          seenAt: declaration.seenAt,
        },
      }),
      uid: asset.uid,
      etag: `"${asset.uid}.${asset.revision}"`,
      logicalSize: sizes.logicalSize,
      storedSize: sizes.storedSize,
      maintained: access.roles.has('maintainer'),
      may: ASSET_VERBS.filter(verb => allows(access, verb)),
    };
  }
}

function applyChanges(
  asset: AssetRecord,
  request: UpdateAssetRequest,
): AssetRecord {
  const changed = { ...asset };
  if (request.type !== undefined) changed.type = request.type;
  if (request.owner !== undefined) {
    changed.owner = readEntityRef('owner', request.owner, 'group');
  }
  if (request.system !== undefined) {
    changed.system =
      request.system === null
        ? undefined
        : readEntityRef('system', request.system, 'system');
  }
  if (request.visibility !== undefined) changed.visibility = request.visibility;
  if (request.title !== undefined) changed.title = request.title ?? undefined;
  if (request.description !== undefined)
    changed.description = request.description ?? undefined;
  if (request.tags !== undefined) changed.tags = request.tags;
  return changed;
}

function toSummary(asset: AssetListRecord): AssetSummary {
  const { latest } = asset;
  return {
    namespace: asset.namespace,
    name: asset.name,
    type: asset.type,
    owner: asset.owner,
    system: asset.system,
    visibility: asset.visibility,
    title: asset.title,
    description: asset.description,
    tags: asset.tags,
    createdAt: asset.createdAt,
    createdBy: asset.createdBy,
    updatedAt: asset.updatedAt,
    versionCount: asset.versionCount,
    latest: latest && {
      label: latest.label,
      digest: latest.digest,
      size: latest.size,
      fileCount: latest.fileCount,
      createdAt: latest.createdAt,
    },
    aliases: asset.aliases,
    declaration: asset.declaration,
    ...asset.relations,
  };
}
