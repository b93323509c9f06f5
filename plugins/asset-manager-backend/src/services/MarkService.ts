import { ConflictError, NotFoundError } from '@backstage/errors';
import type { JsonObject } from '@backstage/types';
import {
  AssetName,
  AssetVersion,
  formatReference,
  Hold,
  UpdateVersionRequest,
  Verb,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { ChangeSignal } from './ChangeSignal';
import type {
  AssetRecord,
  Clock,
  HoldRecord,
  NewChange,
  Repository,
  VersionRecord,
} from './ports';
import { resolveSelector } from './selectors';
import { missingFields } from '../model/gates/metadataGate';
import { requiredIn } from '../model/stages';
import { stageIn } from './Situation';
import type { Situations } from './Situations';
import { presentVersions } from './VersionService';

const LONGEST_METADATA = 64 * 1024;

/** Says something of versions after they were pushed: metadata, retractions and holds. */
export class MarkService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #situations: Situations;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #changed: ChangeSignal;
  readonly #onChanged: (versionId: number) => Promise<void>;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    situations: Situations;
    now: Clock;
    createId: () => string;
    changed: ChangeSignal;
    /** Told of the version when it has other metadata. */
    onChanged: (versionId: number) => Promise<void>;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#situations = options.situations;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#changed = options.changed;
    this.#onChanged = options.onChanged;
  }

  /**
   * Changes the metadata of a version; what was approved before is void by that.
   *
   * @throws ConflictError where the stage has it frozen
   * @throws FieldError when the type asks for something else
   */
  async update(
    caller: Caller,
    name: AssetName,
    selector: string,
    request: UpdateVersionRequest,
  ): Promise<AssetVersion> {
    const changed = await this.#change(
      caller,
      'asset.version.create',
      name,
      selector,
      async (repository, asset, version) => {
        const metadata = merge(version.metadata, request.metadata ?? {});
        if (JSON.stringify(metadata).length > LONGEST_METADATA)
          throw new FieldError(
            'metadata',
            `it is longer than ${LONGEST_METADATA / 1024} KiB`,
          );
        await this.#types.checkMetadata(asset.type, metadata, repository);
        const situation = await this.#demandThawed(repository, asset, version);
        const { type } = situation;
        const given = missingFields(metadata, [
          ...requiredIn(type.spec, stageIn(situation)),
        ]).filter(
          field => missingFields(version.metadata, [field]).length === 0,
        );
        if (given.length > 0)
          throw new FieldError(
            'metadata',
            `'${stageIn(
              situation,
            )}' asks for it, so it can't be taken away: ${given.join(', ')}`,
          );
        await repository.versions.setMetadata(version.id, metadata);
        return {
          kind: 'version.updated',
          details: {
            digest: version.digest,
            old: { metadata: version.metadata },
            new: { metadata },
            rules: { type: type.name, revision: type.revision },
          },
        };
      },
    );
    await this.#onChanged(changed.id);
    return this.#present(changed);
  }

  /**
   * Says that a version is not to be used any more: it stays, and is marked.
   *
   * @throws ConflictError when it is retracted already
   */
  async retract(
    caller: Caller,
    name: AssetName,
    selector: string,
    reason: string,
  ): Promise<AssetVersion> {
    const changed = await this.#change(
      caller,
      'asset.retract',
      name,
      selector,
      async (repository, asset, version) => {
        if (version.retraction)
          throw new ConflictError(
            `${referenceOf(asset, version)} was retracted already by ${
              version.retraction.by
            }: ${version.retraction.reason}`,
          );
        const at = this.#now();
        const retraction = { at, by: caller.subject, reason };
        await repository.versions.setRetraction(version.id, retraction);
        return {
          kind: 'version.retracted',
          details: { digest: version.digest, reason },
        };
      },
    );
    return this.#present(changed);
  }

  /** Takes a retraction back. @throws ConflictError when it is not retracted */
  async reinstate(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<AssetVersion> {
    const changed = await this.#change(
      caller,
      'asset.retract',
      name,
      selector,
      async (repository, asset, version) => {
        if (!version.retraction)
          throw new ConflictError(
            `${referenceOf(asset, version)} is not retracted`,
          );
        await repository.versions.endRetraction(version.id, this.#now());
        return {
          kind: 'version.reinstated',
          details: {
            digest: version.digest,
            old: { retraction: version.retraction.reason },
          },
        };
      },
    );
    await this.#onChanged(changed.id);
    return this.#present(changed);
  }

  /** What is on hold of an asset, for whoever may see it. */
  async holds(caller: Caller, name: AssetName): Promise<Hold[]> {
    const asset = await this.#assets.find(caller, name);
    const found = await this.#repository.holds.list(asset.id);
    return Promise.all(found.map(hold => this.#presentHold(hold)));
  }

  /**
   * Keeps an asset, or a version, from being deleted and put away.
   *
   * @param request.version - a selector; all of the asset when left out
   */
  async placeHold(
    caller: Caller,
    name: AssetName,
    request: { version?: string; reason: string },
  ): Promise<Hold> {
    const asset = await this.#assets.findFor(caller, 'asset.hold', name);
    const version =
      request.version === undefined
        ? undefined
        : await resolveSelector(this.#repository, asset, request.version);
    const hold: HoldRecord = {
      id: this.#createId(),
      assetId: asset.id,
      versionId: version?.id,
      reason: request.reason,
      placedAt: this.#now(),
      placedBy: caller.subject,
    };
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      await repository.holds.insert(hold);
      await repository.changes.append({
        asset,
        kind: 'hold.placed',
        subject: version?.label,
        at: hold.placedAt,
        by: caller.subject,
        details: { new: { hold: hold.id }, reason: hold.reason },
      });
    });
    this.#changed.raise();
    return this.#presentHold(hold);
  }

  /** @throws NotFoundError when the asset has no such hold */
  async endHold(
    caller: Caller,
    name: AssetName,
    id: string,
    reason: string,
  ): Promise<void> {
    const asset = await this.#assets.findFor(caller, 'asset.hold', name);
    const at = this.#now();
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      const holds = await repository.holds.list(asset.id);
      const hold = holds.find(each => each.id === id);
      if (!hold)
        throw new NotFoundError(`${formatReference(asset)} has no hold ${id}`);
      await repository.holds.end(id, { at, by: caller.subject, reason });
      const { label } = await this.#presentHold(hold, repository);
      await repository.changes.append({
        asset,
        kind: 'hold.ended',
        subject: label,
        at,
        by: caller.subject,
        details: { old: { hold: id, reason: hold.reason }, reason },
      });
    });
    this.#changed.raise();
  }

  async #change(
    caller: Caller,
    verb: Verb,
    name: AssetName,
    selector: string,
    change: (
      repository: Repository,
      asset: AssetRecord,
      version: VersionRecord,
    ) => Promise<Pick<NewChange, 'kind' | 'details'>>,
  ): Promise<VersionRecord> {
    const found = await this.#assets.findFor(caller, verb, name);
    const { id } = await resolveSelector(this.#repository, found, selector);
    const changed = await this.#repository.transaction(async repository => {
      await repository.assets.lock(found.id);
      const asset = await repository.assets.byId(found.id);
      await this.#access.demand(caller, verb, asset, repository);
      const version = await repository.versions.byId(id);
      if (version.deletion)
        throw new ConflictError(`${referenceOf(asset, version)} was deleted`);
      const at = this.#now();
      const { kind, details } = await change(repository, asset, version);
      await repository.assets.touch(asset.id, at);
      await repository.changes.append({
        asset,
        kind,
        subject: version.label,
        at,
        by: caller.subject,
        details,
      });
      return repository.versions.byId(id);
    });
    this.#changed.raise();
    return changed;
  }

  /** @throws ConflictError where the stage has the metadata frozen */
  async #demandThawed(
    repository: Repository,
    asset: AssetRecord,
    version: VersionRecord,
  ) {
    const situation = await this.#situations.of({
      assetId: asset.id,
      versionId: version.id,
      repository,
    });
    const standing = stageIn(situation);
    const stage = situation.type.spec.stages.find(
      ({ name }) => name === standing,
    );
    if (stage?.frozen)
      throw new ConflictError(
        `${referenceOf(
          asset,
          version,
        )} stands in '${standing}', where metadata is frozen`,
      );
    return situation;
  }

  async #present(version: VersionRecord): Promise<AssetVersion> {
    const asset = await this.#repository.assets.byId(version.assetId);
    const [presented] = await presentVersions(this.#repository, asset, [
      version,
    ]);
    return presented;
  }

  async #presentHold(
    { assetId: _, versionId, ...hold }: HoldRecord,
    repository: Repository = this.#repository,
  ): Promise<Hold> {
    if (versionId === undefined) return hold;
    const { label } = await repository.versions.byId(versionId);
    return { ...hold, label };
  }
}

function referenceOf(asset: AssetRecord, version: VersionRecord): string {
  return formatReference({ ...asset, selector: version.label });
}

/** Sets fields, and takes out those that are null. */
function merge(metadata: JsonObject, change: JsonObject): JsonObject {
  const result: JsonObject = { ...metadata };
  for (const [field, value] of Object.entries(change)) {
    if (value === null) delete result[field];
    else result[field] = value;
  }
  return result;
}
