import { ConflictError } from '@backstage/errors';
import type {
  AppliedAssetType,
  AssetTypeDocument,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import type { AssetTypeRecord } from './assetTypePorts';
import { AssetTypes, digestOfDocument, toAssetType } from './AssetTypes';
import type { Clock, Repository } from './ports';

/** Makes documents the rules of their types. */
export class AssetTypePublisher {
  readonly #repository: Repository;
  readonly #types: AssetTypes;
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    types: AssetTypes;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#types = options.types;
    this.#now = options.now;
  }

  /**
   * Makes a document the newest revision of its type, or a new type of it. Whether the
   * caller may is decided before.
   *
   * @param request.along - what is written in the same transaction
   * @throws ConflictError when the configuration says what it is
   * @throws FieldConflictError when there is a newer revision than the expected one
   */
  async publish(
    caller: Caller,
    document: AssetTypeDocument,
    request: {
      /** As somebody wrote it. */
      text: string;
      reason?: string;
      expected?: number;
      stages?: Record<string, string>;
      draftedBy?: string;
      along?: (repository: Repository) => Promise<void>;
    },
  ): Promise<AppliedAssetType> {
    const { name } = document.metadata;
    if (this.#types.isConfigured(name))
      throw new ConflictError(
        `the type ${name} stands in a file of the configuration, and is changed there`,
      );
    const newest = await this.#repository.assetTypes.newest(name);
    if (
      request.expected !== undefined &&
      request.expected !== (newest?.revision ?? 0)
    )
      throw new FieldConflictError(
        'expected',
        `the type ${name} has revision ${newest?.revision ?? 0} by now, not ${
          request.expected
        }`,
      );
    const digest = digestOfDocument(document);
    const stages = document.spec.stages.map(stage => stage.name);
    const taken = await this.#repository.assetTypes.nameTakenBy(name, stages);
    if (taken)
      throw new ConflictError(
        `'${taken.name}' can't be a stage: ${taken.asset} has a version or alias of that name`,
      );
    const mapped = request.stages ?? {};
    const known = new Set(
      (await this.#repository.assetTypes.revisions(name)).flatMap(each =>
        each.document.spec.stages.map(stage => stage.name),
      ),
    );
    for (const from of Object.keys(mapped))
      if (!known.has(from))
        throw new FieldError('stages', `there never was a stage '${from}'`);
    for (const to of Object.values(mapped))
      if (!stages.includes(to))
        throw new FieldError('stages', `there is no stage '${to}' to go to`);
    const rename = async (record: AssetTypeRecord) => {
      for (const [from, to] of Object.entries(mapped))
        if (!stages.includes(from))
          await this.#rename(record, caller, from, to);
    };
    if (newest?.digest === digest) {
      // Whoever was interrupted says the same once more.
      await rename(newest);
      return { state: 'unchanged', type: toAssetType(newest) };
    }
    const used = await this.#repository.transitions.stagesInUse(name);
    for (const [stage, versions] of used) {
      if (!stages.includes(stage) && !Object.hasOwn(mapped, stage))
        throw new ConflictError(
          `the stage '${stage}' can't go: ${versions} version${
            versions === 1 ? ' stands' : 's stand'
          } in it; say where they go instead`,
        );
    }
    const record: AssetTypeRecord = {
      name,
      revision: (newest?.revision ?? 0) + 1,
      digest,
      document,
      text: request.text,
      source: 'people',
      reason: request.reason,
      draftedBy: request.draftedBy,
      createdAt: this.#now(),
      createdBy: caller.subject,
    };
    await this.#repository.transaction(async repository => {
      const { assetTypes, audit } = repository;
      await request.along?.(repository);
      if (!(await assetTypes.insert(record)))
        throw new ConflictError(
          `the type ${name} was changed by somebody else at this moment; look at it and try again`,
        );
      await audit.append({
        at: record.createdAt,
        actor: caller.subject,
        action: 'asset-type.changed',
        object: `type:${name}`,
        old: newest && { revision: newest.revision, digest: newest.digest },
        new: {
          revision: record.revision,
          digest,
          draftedBy: request.draftedBy,
        },
        reason: request.reason,
      });
    });
    await rename(record);
    return {
      state: newest ? 'changed' : 'created',
      type: toAssetType(record),
    };
  }

  /** Moves what stands in a stage that is gone to the one that took its place. */
  async #rename(
    { name, revision }: AssetTypeRecord,
    { subject: by }: Caller,
    from: string,
    to: string,
  ): Promise<void> {
    const { transitions } = this.#repository;
    for (const last of await transitions.allStandingIn(name, from)) {
      await this.#repository.transaction(async repository => {
        await repository.assets.lock(last.assetId);
        const at = this.#now();
        const reason = `the rules call '${from}' '${to}' since revision ${revision}`;
        const isMoved = await repository.transitions.insert({
          assetId: last.assetId,
          versionId: last.versionId,
          sequence: last.sequence + 1,
          from,
          to,
          reason,
          type: name,
          typeRevision: revision,
          at,
          by,
        });
        if (!isMoved) return;
        // What was asked for began where the version stands no more.
        const { transitionRequests } = repository;
        const open = await transitionRequests.openOf(last.versionId);
        if (open) {
          await transitionRequests.end(open.id, { state: 'overtaken', at, by });
          await repository.changes.append({
            asset: await repository.assets.byId(last.assetId),
            kind: 'transition.ended',
            subject: (await repository.versions.byId(last.versionId)).label,
            at,
            by,
            details: {
              new: { request: open.id, state: 'overtaken', to: open.to },
            },
          });
        }
        const version = await repository.versions.byId(last.versionId);
        await repository.changes.append({
          asset: await repository.assets.byId(last.assetId),
          kind: 'version.moved',
          subject: version.label,
          at,
          by,
          details: {
            digest: version.digest,
            old: { stage: from },
            new: { stage: to },
            reason,
            rules: { type: name, revision },
          },
        });
      });
    }
  }
}
