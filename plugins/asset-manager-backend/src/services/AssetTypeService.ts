import { NotAllowedError, NotFoundError } from '@backstage/errors';
import type {
  AppliedAssetType,
  ApplyAssetTypeRequest,
  AssetType,
  AssetTypeDetail,
  AssetTypeRevision,
  LintedAssetType,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  demandAssetTypeDocument,
  readAssetTypeDocument,
} from '../model/assetTypeDocument';
import type { Caller } from '../model/caller';
import type { GateKinds } from '../model/gates/gateKinds';
import type { AccessDecider } from './AccessDecider';
import type { AssetTypePublisher } from './AssetTypePublisher';
import type { AssetTypeRecord } from './assetTypePorts';
import {
  AssetTypes,
  digestOfDocument,
  toAssetType,
  toRevision,
} from './AssetTypes';
import type { Repository } from './ports';
import type { RuleSimulator } from './RuleSimulator';

/** Shows the rules of asset types, and changes them. */
export class AssetTypeService {
  readonly #repository: Repository;
  readonly #types: AssetTypes;
  readonly #access: AccessDecider;
  readonly #kinds: GateKinds;
  readonly #simulator: RuleSimulator;
  readonly #publisher: AssetTypePublisher;

  constructor(options: {
    repository: Repository;
    types: AssetTypes;
    access: AccessDecider;
    kinds: GateKinds;
    simulator: RuleSimulator;
    publisher: AssetTypePublisher;
  }) {
    this.#repository = options.repository;
    this.#types = options.types;
    this.#access = options.access;
    this.#kinds = options.kinds;
    this.#simulator = options.simulator;
    this.#publisher = options.publisher;
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

  /** What keeps a document from being used, and what it says when nothing does. */
  lint(text: string): LintedAssetType {
    const { document, problems } = readAssetTypeDocument(text, this.#kinds);
    return { problems, spec: document?.spec };
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
    const document = demandAssetTypeDocument(text, this.#kinds);
    await this.#access.demandOfType(caller, document.metadata.name);
    return this.#simulator.run(document);
  }

  /**
   * Makes a document the newest revision of its type, or a new type of it.
   *
   * @throws NotAllowedError for whoever is no admin of the type, and where its rules
   *   are published by somebody else than who wrote them
   * @throws ConflictError when the configuration says what it is
   * @throws FieldConflictError when there is a newer revision than the expected one
   */
  async apply(
    caller: Caller,
    request: ApplyAssetTypeRequest,
  ): Promise<AppliedAssetType> {
    const document = demandAssetTypeDocument(request.document, this.#kinds);
    const { name } = document.metadata;
    await this.#access.demandOfType(caller, name);
    const newest = await this.#repository.assetTypes.newest(name);
    if (
      newest?.document.spec.fourEyes &&
      newest.digest !== digestOfDocument(document)
    )
      throw new NotAllowedError(
        `other rules for ${name} are drafted, and published by somebody else: asset type draft FILE`,
      );
    return this.#publisher.publish(caller, document, {
      text: request.document,
      reason: request.reason,
      // Four eyes may be asked for since they were looked at.
      expected: request.expected ?? newest?.revision ?? 0,
      stages: request.stages,
    });
  }

  async #newest(name: string): Promise<AssetTypeRecord | undefined> {
    return (await this.#types.find(name))
      ? this.#repository.assetTypes.newest(name)
      : undefined;
  }
}
