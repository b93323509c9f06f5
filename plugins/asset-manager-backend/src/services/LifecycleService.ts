import { ConflictError } from '@backstage/errors';
import {
  AssetName,
  AssetType,
  formatReference,
  MoveRequest,
  StageMove,
  VersionStage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import { initialStage, roleOf, transitionsFrom } from '../model/stages';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { ChangeSignal } from './ChangeSignal';
import type { TransitionRecord } from './lifecyclePorts';
import type { AssetRecord, Clock, Repository, VersionRecord } from './ports';
import { resolveSelector } from './selectors';

const MOST_MOVES = 500;

/** Moves versions from stage to stage, as their type says, and tells how they moved. */
export class LifecycleService {
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

  /** Where a version stands, and where the caller could move it. */
  async stageOf(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<VersionStage> {
    const asset = await this.#assets.find(caller, name);
    const version = await resolveSelector(this.#repository, asset, selector);
    const type = await this.#types.find(asset.type);
    const last = (await this.#repository.transitions.lastOf([version.id])).get(
      version.id,
    );
    const stage = last?.to ?? (type && initialStage(type.spec));
    if (!type || stage === undefined) return { stage, transitions: [] };
    const access = await this.#access.of(caller, asset);
    return {
      stage,
      since: last?.at ?? version.createdAt,
      transitions: transitionsFrom(type.spec, stage).map(transition => ({
        to: transition.to,
        role: roleOf(transition),
        reason: transition.reason ?? 'optional',
        allowed:
          !version.deletion &&
          access.roles.has(roleOf(transition)) &&
          access.permits('asset.transition', { stage: transition.to }),
      })),
    };
  }

  /** Newest first, of all versions when none is named. */
  async history(
    caller: Caller,
    name: AssetName,
    selector: string | undefined,
  ): Promise<StageMove[]> {
    const asset = await this.#assets.find(caller, name);
    const version =
      selector === undefined
        ? undefined
        : await resolveSelector(this.#repository, asset, selector);
    const moves = await this.#repository.transitions.list({
      assetId: asset.id,
      versionId: version?.id,
      limit: MOST_MOVES,
    });
    return Promise.all(
      moves.map(async move =>
        present(move, await this.#repository.versions.byId(move.versionId)),
      ),
    );
  }

  /**
   * Moves a version to another stage.
   *
   * @throws ConflictError when the type leads from where it stands to other stages only
   * @throws FieldConflictError when it stands elsewhere than the caller saw it
   * @throws NotAllowedError for whoever may not make this transition
   */
  async move(
    caller: Caller,
    name: AssetName,
    selector: string,
    request: MoveRequest,
  ): Promise<StageMove> {
    const found = await this.#assets.find(caller, name);
    const { id } = await resolveSelector(this.#repository, found, selector);
    const at = this.#now();
    const move = await this.#repository.transaction(async repository => {
      await repository.assets.lock(found.id);
      const asset = await repository.assets.byId(found.id);
      const version = await repository.versions.byId(id);
      return this.#commit({ repository, caller, asset, version, request, at });
    });
    this.#changed.raise();
    return move;
  }

  /** In a transaction that holds the lock of the asset. */
  async #commit(options: {
    repository: Repository;
    caller: Caller;
    asset: AssetRecord;
    version: VersionRecord;
    request: MoveRequest;
    at: string;
  }): Promise<StageMove> {
    const { repository, caller, asset, version, request, at } = options;
    const reference = formatReference({ ...asset, selector: version.label });
    if (version.deletion)
      throw new ConflictError(`${reference} was deleted, and can't be moved`);
    const type = await this.#types.find(asset.type, repository);
    if (!type)
      throw new ConflictError(
        `there is no asset type ${asset.type} any more that could say where ${reference} may go`,
      );
    const last = (await repository.transitions.lastOf([version.id])).get(
      version.id,
    );
    const from = last?.to ?? initialStage(type.spec);
    if (request.expected !== undefined && request.expected !== from)
      throw new FieldConflictError(
        'expected',
        `${reference} stands in '${from}' by now, not in '${request.expected}'`,
      );
    const transition = transitionsFrom(type.spec, from).find(
      ({ to }) => to === request.to,
    );
    if (!transition)
      throw new ConflictError(noWay(type, reference, from, request.to));
    await this.#access.demandTransition({
      caller,
      asset,
      repository,
      role: roleOf(transition),
      stage: transition.to,
    });
    const reason = request.reason?.trim() || undefined;
    if (transition.reason === 'required' && reason === undefined)
      throw new FieldError(
        'reason',
        `the type ${type.name} asks for a reason to move a version to '${transition.to}'`,
      );
    const record = {
      assetId: asset.id,
      versionId: version.id,
      sequence: (last?.sequence ?? 0) + 1,
      from,
      to: transition.to,
      reason,
      type: type.name,
      typeRevision: type.revision,
      at,
      by: caller.subject,
    };
    if (!(await repository.transitions.insert(record)))
      throw new ConflictError(
        `${reference} was moved by somebody else at this moment; look at it and try again`,
      );
    await repository.assets.touch(asset.id, at);
    await repository.changes.append({
      asset,
      kind: 'version.moved',
      subject: version.label,
      at,
      by: caller.subject,
    });
    return present(record, version);
  }
}

function noWay(
  { spec, name }: AssetType,
  reference: string,
  from: string,
  to: string,
): string {
  if (!spec.stages.some(stage => stage.name === to))
    return `the type ${name} has no stage '${to}'; there are ${spec.stages
      .map(stage => stage.name)
      .join(', ')}`;
  const ways = transitionsFrom(spec, from).map(each => each.to);
  return `${reference} stands in '${from}', from where nothing leads to '${to}'; ${
    ways.length > 0 ? `it could go to ${ways.join(', ')}` : 'nothing leads out'
  }`;
}

function present(
  move: Omit<TransitionRecord, 'id'>,
  version: VersionRecord,
): StageMove {
  const { from, to, reason, type, typeRevision, at, by } = move;
  return {
    label: version.label,
    digest: version.digest,
    from,
    to,
    reason,
    type,
    typeRevision,
    at,
    by,
  };
}
