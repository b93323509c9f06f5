import { ConflictError, NotFoundError } from '@backstage/errors';
import type {
  AppliedAssetType,
  ApplyAssetTypeRequest,
  AssetType,
  AssetTypeDetail,
  AssetTypeDocument,
  AssetTypeProblem,
  AssetTypeRevision,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { readAssetTypeDocument } from '../model/assetTypeDocument';
import type { Caller } from '../model/caller';
import type { GateKinds } from '../model/gates/gateKinds';
import { FieldConflictError, FieldError } from '../model/FieldError';
import type { AccessDecider } from './AccessDecider';
import type { AssetTypeRecord } from './assetTypePorts';
import {
  AssetTypes,
  digestOfDocument,
  toAssetType,
  toRevision,
} from './AssetTypes';
import type { Clock, Repository } from './ports';
import type { RuleSimulator } from './RuleSimulator';

/** Shows the rules of asset types, and changes them. */
export class AssetTypeService {
  readonly #repository: Repository;
  readonly #types: AssetTypes;
  readonly #access: AccessDecider;
  readonly #kinds: GateKinds;
  readonly #simulator: RuleSimulator;
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    types: AssetTypes;
    access: AccessDecider;
    kinds: GateKinds;
    simulator: RuleSimulator;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#types = options.types;
    this.#access = options.access;
    this.#kinds = options.kinds;
    this.#simulator = options.simulator;
    this.#now = options.now;
  }

  /** By name. */
  list(): Promise<AssetType[]> {
    return this.#types.list();
  }

  /**
   * A type with the text of its document.
   *
   * @param revision - the newest when left out
   * @throws NotFoundError when there is none
   */
  async get(
    caller: Caller,
    name: string,
    revision?: number,
  ): Promise<AssetTypeDetail> {
    const record =
      revision === undefined
        ? await this.#newest(name)
        : await this.#repository.assetTypes.find(name, revision);
    if (!record)
      throw new NotFoundError(
        revision === undefined
          ? `there is no asset type ${name}`
          : `the asset type ${name} has no revision ${revision}`,
      );
    return {
      ...toAssetType(record),
      document: record.text,
      mayChange:
        !this.#types.isConfigured(name) &&
        (await this.#access.mayOfType(caller, name)),
    };
  }

  /** Newest first. @throws NotFoundError when there is no such type */
  async revisions(name: string): Promise<AssetTypeRevision[]> {
    if (!(await this.#types.find(name)))
      throw new NotFoundError(`there is no asset type ${name}`);
    const records = await this.#repository.assetTypes.revisions(name);
    return records.map(toRevision);
  }

  /** What keeps a document from being used; nothing when nothing does. */
  lint(document: string): AssetTypeProblem[] {
    return readAssetTypeDocument(document, this.#kinds).problems;
  }

  /**
   * Tells what a document would change for the versions that there are.
   *
   * @throws NotAllowedError for whoever is no admin of the type
   * @throws FieldError for a document that can't be used
   */
  async simulate(
    caller: Caller,
    text: string,
  ): Promise<ReturnType<RuleSimulator['run']>> {
    const document = this.#read(text);
    await this.#access.demandOfType(caller, document.metadata.name);
    return this.#simulator.run(document);
  }

  /**
   * Makes a document the newest revision of its type, or a new type of it.
   *
   * @throws NotAllowedError for whoever is no admin of the type
   * @throws ConflictError when the configuration says what it is
   * @throws FieldConflictError when there is a newer revision than the expected one
   */
  async apply(
    caller: Caller,
    request: ApplyAssetTypeRequest,
  ): Promise<AppliedAssetType> {
    const document = this.#read(request.document);
    const { name } = document.metadata;
    await this.#access.demandOfType(caller, name);
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
      text: request.document,
      source: 'people',
      reason: request.reason,
      createdAt: this.#now(),
      createdBy: caller.subject,
    };
    await this.#repository.transaction(async ({ assetTypes, audit }) => {
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
        new: { revision: record.revision, digest },
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

  /** @throws FieldError that says what is wrong first */
  #read(text: string): AssetTypeDocument {
    const { document, problems } = readAssetTypeDocument(text, this.#kinds);
    if (!document) {
      const [{ path, line, message }] = problems;
      const more = problems.length - 1;
      throw new FieldError(
        'document',
        `${
          line === undefined ? '' : `line ${line}: `
        }${`${path} ${message}`.trim()}${
          more > 0 ? `, and ${more} more; asset type lint shows all` : ''
        }`,
      );
    }
    return document;
  }

  async #newest(name: string): Promise<AssetTypeRecord | undefined> {
    return (await this.#types.find(name))
      ? this.#repository.assetTypes.newest(name)
      : undefined;
  }
}
