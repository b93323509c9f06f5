import {
  ConflictError,
  NotAllowedError,
  NotFoundError,
} from '@backstage/errors';
import type {
  AppliedAssetType,
  AssetTypeDraft,
  PublishDraftRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { demandAssetTypeDocument } from '../model/assetTypeDocument';
import type { Caller } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import type { GateKinds } from '../model/gates/gateKinds';
import { accountNameOf } from '../model/serviceAccount';
import type { AccessDecider } from './AccessDecider';
import type { AssetTypeDraftRecord } from './assetTypePorts';
import type { AssetTypePublisher } from './AssetTypePublisher';
import { AssetTypes, digestOfDocument } from './AssetTypes';
import { handlersOf } from './handlersOf';
import type { Clock, Repository } from './ports';

/** Keeps what types may say next, until somebody publishes it. */
export class AssetTypeDraftService {
  readonly #repository: Repository;
  readonly #types: AssetTypes;
  readonly #access: AccessDecider;
  readonly #kinds: GateKinds;
  readonly #publisher: AssetTypePublisher;
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    types: AssetTypes;
    access: AccessDecider;
    kinds: GateKinds;
    publisher: AssetTypePublisher;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#types = options.types;
    this.#access = options.access;
    this.#kinds = options.kinds;
    this.#publisher = options.publisher;
    this.#now = options.now;
  }

  /**
   * @throws NotAllowedError for whoever is no admin of the type
   * @throws NotFoundError when there is none
   */
  async get(caller: Caller, name: string): Promise<AssetTypeDraft> {
    await this.#access.demandOfType(caller, name);
    return this.#present(caller, await this.#find(name));
  }

  /**
   * Keeps a document, in the place of the draft that there was.
   *
   * @throws NotAllowedError for whoever is no admin of the type
   * @throws FieldError for a document that can't be used, or of another type
   */
  async save(
    caller: Caller,
    name: string,
    request: { document: string; reason?: string },
  ): Promise<AssetTypeDraft> {
    await this.#access.demandOfType(caller, name);
    const document = demandAssetTypeDocument(request.document, this.#kinds);
    if (document.metadata.name !== name)
      throw new FieldError(
        'document',
        `it is of the type ${document.metadata.name}, and not ${name}`,
      );
    if (this.#types.isConfigured(name))
      throw new ConflictError(
        `the type ${name} stands in a file of the configuration, and is changed there`,
      );
    const newest = await this.#repository.assetTypes.newest(name);
    const draft: AssetTypeDraftRecord = {
      name,
      base: newest?.revision ?? 0,
      digest: digestOfDocument(document),
      document: request.document,
      reason: request.reason,
      createdAt: this.#now(),
      createdBy: caller.subject,
    };
    if (newest?.digest === draft.digest)
      throw new FieldError(
        'document',
        `${name} says this already, as revision ${newest.revision}`,
      );
    const former = await this.#repository.transaction(async repository => {
      const standing = await repository.assetTypeDrafts.find(name);
      await repository.assetTypeDrafts.put(draft);
      await repository.audit.append({
        at: draft.createdAt,
        actor: caller.subject,
        action: 'asset-type.drafted',
        object: `type:${name}`,
        old: standing && { digest: standing.digest, by: standing.createdBy },
        new: { base: draft.base, digest: draft.digest },
        reason: request.reason,
      });
      return standing;
    });
    return {
      ...(await this.#present(caller, draft)),
      replaced: former && { by: former.createdBy, at: former.createdAt },
    };
  }

  /** Gives a draft up. @throws NotFoundError when there is none */
  async discard(caller: Caller, name: string): Promise<void> {
    await this.#access.demandOfType(caller, name);
    const draft = await this.#find(name);
    await this.#repository.transaction(async repository => {
      if (!(await repository.assetTypeDrafts.remove(draft))) throw none(name);
      await repository.audit.append({
        at: this.#now(),
        actor: caller.subject,
        action: 'asset-type.draft-discarded',
        object: `type:${name}`,
        old: { digest: draft.digest, by: draft.createdBy },
      });
    });
  }

  /**
   * Makes a draft the newest revision of its type.
   *
   * @throws NotAllowedError for whoever wrote it, where the rules that hold ask for
   *   somebody else
   * @throws FieldConflictError when the caller saw another one, or the rules changed
   *   since it was written
   */
  async publish(
    caller: Caller,
    name: string,
    request: PublishDraftRequest,
  ): Promise<AppliedAssetType> {
    await this.#access.demandOfType(caller, name);
    const draft = await this.#find(name);
    if (draft.digest !== request.digest)
      throw new FieldConflictError(
        'digest',
        `the draft of ${name} is another one by now; look at it again`,
      );
    const refusal = await this.#refusal(caller, draft);
    if (refusal) throw new NotAllowedError(refusal);
    const document = demandAssetTypeDocument(draft.document, this.#kinds);
    return this.#publisher.publish(caller, document, {
      text: draft.document,
      reason: draft.reason,
      expected: draft.base,
      stages: request.stages,
      draftedBy: draft.createdBy,
      along: async repository => {
        if (!(await repository.assetTypeDrafts.remove(draft)))
          throw new ConflictError(
            `the draft of ${name} changed at this moment; look at it again`,
          );
      },
    });
  }

  /** Why somebody may not publish a draft, by the rules that hold now. */
  async #refusal(
    caller: Caller,
    { name, createdBy }: AssetTypeDraftRecord,
  ): Promise<string | undefined> {
    const newest = await this.#repository.assetTypes.newest(name);
    if (!newest?.document.spec.fourEyes) return undefined;
    if (caller.kind !== 'user')
      return `only people publish rules of ${name}, and ${caller.subject} is none`;
    if (caller.subject === createdBy)
      return `${caller.subject} wrote it, and somebody else has to publish it`;
    const account = accountNameOf(createdBy);
    if (
      account &&
      (await handlersOf(this.#repository, account)).has(caller.subject)
    )
      return `${caller.subject} holds a token of ${createdBy}, which wrote it`;
    return undefined;
  }

  async #find(name: string): Promise<AssetTypeDraftRecord> {
    const draft = await this.#repository.assetTypeDrafts.find(name);
    if (!draft) throw none(name);
    return draft;
  }

  async #present(
    caller: Caller,
    draft: AssetTypeDraftRecord,
  ): Promise<AssetTypeDraft> {
    return { ...draft, refusal: await this.#refusal(caller, draft) };
  }
}

function none(name: string): NotFoundError {
  return new NotFoundError(`there is no draft of ${name}`);
}
