import {
  ConflictError,
  isError,
  NotAllowedError,
  NotFoundError,
} from '@backstage/errors';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  AssetName,
  AssetTypeTransition,
  DecideRequest,
  Decision,
  MoveRequest,
  MoveResult,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { Callers } from './Callers';
import type { ChangeSignal } from './ChangeSignal';
import { CHANGED_AFTER, GateJudge } from './GateJudge';
import type { DecisionRecord, TransitionRequestRecord } from './lifecyclePorts';
import type { Clock, Repository } from './ports';
import type { RequestDecider } from './RequestDecider';
import { resolveSelector } from './selectors';
import { payloadIn, referenceIn, Situation, stageIn, wayIn } from './Situation';
import type { Situations } from './Situations';
import type { TransitionMaker } from './TransitionMaker';
import {
  demandFree,
  demandReason,
  demandRoom,
  demandUnmoved,
  demandWay,
} from './transitionRules';

const LISTED = 200;
/** Open requests that one round of the task, or one page of approvals, looks at. */
const MOST_OPEN = 1_000;
/** Runs, and what they made, that are tried at once when what they read has moved; the task tries the rest. */
const MOST_SETTLED = 100;

/** Asks for transitions, decides on them, and makes them when all gates are passed. */
export class TransitionService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #callers: Callers;
  readonly #situations: Situations;
  readonly #judge: GateJudge;
  readonly #maker: TransitionMaker;
  readonly #decider: RequestDecider;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #changed: ChangeSignal;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    callers: Callers;
    situations: Situations;
    judge: GateJudge;
    maker: TransitionMaker;
    decider: RequestDecider;
    now: Clock;
    createId: () => string;
    changed: ChangeSignal;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#callers = options.callers;
    this.#situations = options.situations;
    this.#judge = options.judge;
    this.#maker = options.maker;
    this.#decider = options.decider;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#changed = options.changed;
    this.#logger = options.logger;
  }

  /**
   * Moves a version to another stage, or asks for it when a gate is in the way.
   *
   * @throws ConflictError when the type leads from where it stands to other stages only
   * @throws FieldConflictError when it stands elsewhere than the caller saw it
   * @throws NotAllowedError for whoever may not ask for this transition
   */
  async ask(
    caller: Caller,
    name: AssetName,
    selector: string,
    request: MoveRequest,
  ): Promise<MoveResult> {
    const asset = await this.#assets.find(caller, name);
    const version = await resolveSelector(this.#repository, asset, selector);
    const found = { assetId: asset.id, versionId: version.id };
    const situation = await this.#situations.of(found);
    const way = demandWay(situation, request.to);
    if (
      request.expected !== undefined &&
      request.expected !== stageIn(situation)
    )
      throw new FieldConflictError(
        'expected',
        `${referenceIn(situation)} stands in '${stageIn(
          situation,
        )}' by now, not in '${request.expected}'`,
      );
    await this.#maker.demand(caller, situation, way, this.#repository);
    // Otherwise whoever approved it could ask again, and be the one who moves it.
    if (situation.request?.to === request.to)
      throw alreadyAsked(situation, situation.request);
    const reason = demandReason(situation, way, request.reason);
    const moved = await this.#maker.tryToMove({
      ...found,
      to: request.to,
      reason,
      caller,
    });
    if (moved) {
      await this.#settleMadeOf(version.id);
      return { state: 'moved', move: moved };
    }
    const record = await this.#open(caller, found, request.to, reason);
    this.#changed.raise();
    return { state: 'open', request: await this.#present(caller, record) };
  }

  /**
   * @throws NotFoundError when there is none, or none of an asset that the caller may see
   */
  async get(caller: Caller, id: string): Promise<TransitionRequest> {
    return this.#present(caller, await this.#find(caller, id));
  }

  /** Those of an asset, newest first. */
  async ofAsset(caller: Caller, name: AssetName): Promise<TransitionRequest[]> {
    const asset = await this.#assets.find(caller, name);
    const found = await this.#repository.transitionRequests.list(
      asset.id,
      LISTED,
    );
    return Promise.all(found.map(each => this.#present(caller, each)));
  }

  /** The open request of a version, for whoever may see the asset. */
  async openOf(
    caller: Caller,
    versionId: number,
  ): Promise<TransitionRequest | undefined> {
    const found = await this.#repository.transitionRequests.openOf(versionId);
    return found && this.#present(caller, found);
  }

  /** The open ones that a person may say yes to, and those that the person asked for. */
  async mine(
    caller: Caller,
  ): Promise<{ toDecide: TransitionRequest[]; asked: TransitionRequest[] }> {
    const toDecide: TransitionRequest[] = [];
    const asked: TransitionRequest[] = [];
    for (const record of await this.#repository.transitionRequests.open(
      MOST_OPEN,
    )) {
      const isOwn = record.requestedBy === caller.subject;
      if (!isOwn && !(await this.#mayApprove(caller, record))) continue;
      const request = await this.#present(caller, record);
      if (request.mine.approve.length > 0) toDecide.push(request);
      if (isOwn) asked.push(request);
    }
    return { toDecide, asked };
  }

  /**
   * Says yes or no to a transition, or lets it pass without a gate; it is made when
   * nothing is in its way any more.
   *
   * @throws FieldConflictError when the version or the rules are others than the person saw
   * @throws NotAllowedError for whoever made the version, asked for it, or is none of
   *   those whose word counts
   */
  async decide(
    caller: Caller,
    id: string,
    request: DecideRequest,
  ): Promise<TransitionRequest> {
    const record = await this.#findOpen(caller, id);
    if (caller.kind !== 'user')
      throw new NotAllowedError(
        `only people decide on transitions, and ${caller.subject} is none`,
      );
    const situation = await this.#situations.of({ ...record, request: record });
    const payload = payloadIn(situation, record);
    if (request.payload !== payload)
      throw new FieldConflictError(
        'payload',
        `${referenceIn(
          situation,
        )}, or its rules, changed since it was looked at; look again before deciding`,
      );
    // Nobody says yes to what can't be; a no is heard in any case.
    if (request.decision !== 'reject') demandWay(situation, record.to);
    const decision = await this.#decider.decisionOf(caller, situation, request);
    const isNo = decision.decision === 'reject';
    const final = isNo ? await this.#finalOf(situation, record) : undefined;
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(record.assetId);
      const now = await this.#situations.of({
        ...record,
        request: record,
        repository,
      });
      if (
        now.request?.state !== 'open' ||
        payloadIn(now, now.request) !== payload
      )
        throw new ConflictError(
          `the request ${id} changed at this moment; look at it again`,
        );
      const isFirst = await repository.transitionRequests.decide({
        ...decision,
        requestId: id,
        payload,
        memberOf: [...caller.ownershipEntityRefs],
        by: caller.subject,
        at: this.#now(),
      });
      if (!isFirst)
        throw new ConflictError(`${caller.subject} has said yes already`);
      await repository.changes.append({
        asset: now.asset,
        kind: 'transition.decided',
        subject: now.version.label,
        at: this.#now(),
        by: caller.subject,
        details: {
          digest: now.version.digest,
          new: {
            request: id,
            decision: decision.decision,
            to: record.to,
            gate: decision.gate,
            meaning: decision.meaning,
            payload,
          },
          reason: decision.comment,
          rules: { type: now.type.name, revision: now.type.revision },
        },
      });
      // A no holds from the moment that it is said.
      if (final)
        await this.#endIn(repository, now, {
          state: 'rejected',
          at: this.#now(),
          by: caller.subject,
          final,
        });
    });
    this.#changed.raise();
    if (!isNo) await this.#settle(record);
    return this.get(caller, id);
  }

  /**
   * Takes a request back.
   *
   * @throws NotAllowedError for whoever neither asked for it nor looks after the asset
   */
  async withdraw(caller: Caller, id: string): Promise<TransitionRequest> {
    const record = await this.#findOpen(caller, id);
    const asset = await this.#repository.assets.byId(record.assetId);
    const { roles } = await this.#access.of(caller, asset);
    if (record.requestedBy !== caller.subject && !roles.has('maintainer'))
      throw new NotAllowedError(
        `${caller.subject} may not withdraw what ${record.requestedBy} asked for: that takes a maintainer`,
      );
    const situation = await this.#situations.of({ ...record, request: record });
    const final = await this.#finalOf(situation, record);
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(record.assetId);
      const now = await this.#situations.of({
        ...record,
        request: record,
        repository,
      });
      if (now.request?.state !== 'open')
        throw new ConflictError(
          `the request ${id} was ended at this moment; look at it again`,
        );
      await this.#endIn(repository, now, {
        state: 'withdrawn',
        at: this.#now(),
        by: caller.subject,
        final,
      });
    });
    this.#changed.raise();
    return this.get(caller, id);
  }

  /** Tries all open requests: time passes, and checks come in. */
  async settleOpen(signal?: AbortSignal): Promise<void> {
    for (const record of await this.#repository.transitionRequests.open(
      MOST_OPEN,
    )) {
      if (signal?.aborted) return;
      await this.#settle(record);
    }
  }

  /** Tries the open request of a version. */
  async settleVersion(versionId: number): Promise<void> {
    const record = await this.#repository.transitionRequests.openOf(versionId);
    if (record) await this.#settle(record);
  }

  /** Tries the open request of a version that changed, and those of what was made of it. */
  async settleAround(versionId: number): Promise<void> {
    await this.settleVersion(versionId);
    await this.#settleMadeOf(versionId);
  }

  /** Tries the open requests of what was made of a version, which may have waited for it. */
  async #settleMadeOf(versionId: number): Promise<void> {
    const { lineage } = this.#repository;
    const viewer = 'everything';
    const read = await lineage.edges({
      of: { versions: [versionId] },
      direction: 'input',
      viewer,
      limit: MOST_SETTLED,
    });
    const made = await lineage.edges({
      of: { runs: [...new Set(read.map(edge => edge.runId))] },
      direction: 'output',
      viewer,
      limit: MOST_SETTLED,
    });
    for (const id of new Set(made.map(edge => edge.versionId)))
      await this.settleVersion(id);
  }

  /** Makes the transition if nothing is in its way; what keeps it is shown with the request. */
  async #settle(record: TransitionRequestRecord): Promise<void> {
    try {
      const caller = await this.#callers.ofActor(record.requestedBy);
      const moved = await this.#maker.tryToMove({
        ...record,
        caller,
        request: record,
      });
      if (moved) await this.#settleMadeOf(record.versionId);
    } catch (error) {
      const isKnown =
        error instanceof FieldError ||
        (isError(error) &&
          ['ConflictError', 'NotAllowedError'].includes(error.name));
      if (!isKnown) throw error;
      this.#logger.debug(`the request ${record.id} waits: ${error.message}`);
    }
  }

  async #open(
    caller: Caller,
    found: { assetId: number; versionId: number },
    to: string,
    reason: string | undefined,
  ): Promise<TransitionRequestRecord> {
    const at = this.#now();
    return this.#repository.transaction(async repository => {
      await repository.assets.lock(found.assetId);
      const now = await this.#situations.of({ ...found, repository });
      const way = demandWay(now, to);
      await this.#maker.demand(caller, now, way, repository);
      if (now.request) throw alreadyAsked(now, now.request);
      const record: TransitionRequestRecord = {
        id: this.#createId(),
        ...found,
        from: stageIn(now),
        to,
        sequence: (now.last?.sequence ?? 0) + 1,
        reason,
        requestedAt: at,
        requestedBy: caller.subject,
        state: 'open',
      };
      await repository.transitionRequests.insert(record);
      await repository.changes.append({
        asset: now.asset,
        kind: 'transition.requested',
        subject: now.version.label,
        at,
        by: caller.subject,
        details: {
          digest: now.version.digest,
          new: { request: record.id, from: record.from, to },
          reason,
          rules: { type: now.type.name, revision: now.type.revision },
        },
      });
      return record;
    });
  }

  /** How a request looks that is about to end: what its gates say, of what. */
  async #finalOf(
    situation: Situation,
    record: TransitionRequestRecord,
  ): Promise<NonNullable<TransitionRequestRecord['final']>> {
    const way = wayIn(situation, record.to);
    const judgement =
      way && (await this.#judge.judge(situation, way, { fresh: false }));
    return {
      gates: judgement?.gates ?? [],
      payload: payloadIn(situation, record),
      typeRevision: situation.type.revision,
    };
  }

  /** In a transaction that has seen the request to be open. */
  async #endIn(
    repository: Repository,
    { asset, version, request }: Situation,
    end: Parameters<Repository['transitionRequests']['end']>[1],
  ): Promise<void> {
    const { id, to } = request!;
    await repository.transitionRequests.end(id, end);
    await repository.changes.append({
      asset,
      kind: 'transition.ended',
      subject: version.label,
      at: end.at,
      by: end.by,
      details: {
        digest: version.digest,
        new: { request: id, state: end.state, to },
      },
    });
  }

  async #mayApprove(
    caller: Caller,
    record: TransitionRequestRecord,
  ): Promise<boolean> {
    if (!(await this.#sees(caller, record))) return false;
    const situation = await this.#situations.of({ ...record, request: record });
    const may = await this.#decider.mayDecide(caller, situation);
    return may.permitted && !may.barred && may.approve.length > 0;
  }

  async #present(
    caller: Caller,
    record: TransitionRequestRecord,
  ): Promise<TransitionRequest> {
    const situation = await this.#situations.of({ ...record, request: record });
    const { asset, version, type } = situation;
    const request = situation.request ?? record;
    const way = wayIn(situation, request.to);
    const isOpen = request.state === 'open';
    const judgement =
      isOpen && way
        ? await this.#judge.judge(situation, way, { fresh: false })
        : {
            gates: [],
            decisions: situation.decisions.map(decision =>
              presentDecision(decision, request),
            ),
          };
    const may = isOpen
      ? await this.#decider.mayDecide(caller, situation)
      : undefined;
    const isFree = may?.permitted && !may.barred;
    const roles = (await this.#access.of(caller, asset)).roles;
    return {
      id: request.id,
      namespace: asset.namespace,
      name: asset.name,
      label: version.label,
      digest: version.digest,
      from: request.from,
      to: request.to,
      reason: request.reason,
      state: request.state,
      requestedAt: request.requestedAt,
      requestedBy: request.requestedBy,
      payload: request.final?.payload ?? payloadIn(situation, request),
      type: type.name,
      typeRevision: request.final?.typeRevision ?? type.revision,
      gates: request.final?.gates ?? judgement.gates,
      decisions: judgement.decisions,
      blocked: isOpen ? await this.#blocked(situation, way) : undefined,
      mine: {
        approve: isFree ? may.approve : [],
        waive: isFree ? may.waive : [],
        reject: Boolean(may?.permitted && may.reject),
        withdraw:
          isOpen &&
          caller.viewedBy === undefined &&
          (request.requestedBy === caller.subject || roles.has('maintainer')),
      },
      endedAt: request.endedAt,
      endedBy: request.endedBy,
    };
  }

  /** Why a request can't be followed as things stand, whatever its gates say. */
  async #blocked(
    situation: Situation,
    way: AssetTypeTransition | undefined,
  ): Promise<string | undefined> {
    const { request } = situation;
    try {
      demandWay(situation, request!.to);
      const requester = await this.#callers.ofActor(request!.requestedBy, {
        fresh: false,
      });
      await this.#maker.demand(requester, situation, way!, this.#repository);
      demandUnmoved(situation);
      await demandRoom(situation, way!, this.#repository);
      await demandFree(situation, way!, this.#repository);
      return undefined;
    } catch (error) {
      if (isError(error)) return error.message;
      throw error;
    }
  }

  async #find(caller: Caller, id: string): Promise<TransitionRequestRecord> {
    const record = await this.#repository.transitionRequests.find(id);
    if (!record || !(await this.#sees(caller, record)))
      throw new NotFoundError(`there is no request ${id}`);
    return record;
  }

  async #findOpen(
    caller: Caller,
    id: string,
  ): Promise<TransitionRequestRecord> {
    const record = await this.#find(caller, id);
    if (record.state !== 'open')
      throw new ConflictError(
        `the request ${id} is not open any more: ${record.state} on ${record.endedAt} by ${record.endedBy}`,
      );
    return record;
  }

  async #sees(
    caller: Caller,
    { assetId }: TransitionRequestRecord,
  ): Promise<boolean> {
    const asset = await this.#repository.assets.byId(assetId);
    return (await this.#repository.assets.find(asset, caller))?.id === assetId;
  }
}

function alreadyAsked(
  situation: Situation,
  { requestedBy, to }: TransitionRequestRecord,
): ConflictError {
  return new ConflictError(
    `${requestedBy} asked already to move ${referenceIn(
      situation,
    )} to '${to}'; that has to be decided or withdrawn first`,
  );
}

function presentDecision(
  { requestId: _, memberOf: __, ...decision }: DecisionRecord,
  { final }: TransitionRequestRecord,
): Decision {
  return final && final.payload !== decision.payload
    ? { ...decision, void: CHANGED_AFTER }
    : decision;
}
