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
  GateRule,
  mayPass,
  MoveRequest,
  MoveResult,
  Role,
  StageMove,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import {
  ApprovalOptions,
  mayGive,
  PLAIN_MEANING,
} from '../model/gates/approvalsGate';
import { optionsOf } from '../model/gates/gateKinds';
import {
  basisOf,
  payloadIn,
  referenceIn,
  Situation,
  stageIn,
  wayIn,
} from './Situation';
import { roleOf, transitionsFrom } from '../model/stages';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { Callers } from './Callers';
import type { ChangeSignal } from './ChangeSignal';
import { CHANGED_AFTER, GateJudge, Judgement } from './GateJudge';
import type {
  DecisionRecord,
  TransitionRecord,
  TransitionRequestRecord,
} from './lifecyclePorts';
import type { Clock, Repository, VersionRecord } from './ports';
import { demandNoHold } from './keeping';
import { resolveSelector } from './selectors';
import type { Situations } from './Situations';

/** How often a move is judged again when something changed meanwhile. */
const MOST_ATTEMPTS = 5;
const LISTED = 200;
/** Open requests that one round of the task, or one page of approvals, looks at. */
const MOST_OPEN = 1_000;

/** Asks for transitions, decides on them, and makes them when all gates are passed. */
export class TransitionService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #callers: Callers;
  readonly #situations: Situations;
  readonly #judge: GateJudge;
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
    await this.#demand(caller, situation, way, this.#repository);
    const reason = demandReason(situation, way, request.reason);
    const moved = await this.#tryToMove({
      ...found,
      to: request.to,
      reason,
      caller,
    });
    if (moved) return { state: 'moved', move: moved };
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
    const decision = await this.#decisionOf(caller, situation, request);
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
    });
    this.#changed.raise();
    if (decision.decision === 'reject')
      await this.#end(caller, record, 'rejected');
    else await this.#settle(record);
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
    await this.#end(caller, record, 'withdrawn');
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

  /** Makes the transition if nothing is in its way; what keeps it is shown with the request. */
  async #settle(record: TransitionRequestRecord): Promise<void> {
    try {
      const caller = await this.#callers.ofActor(record.requestedBy);
      await this.#tryToMove({ ...record, caller, request: record });
    } catch (error) {
      const isKnown =
        error instanceof FieldError ||
        (isError(error) &&
          ['ConflictError', 'NotAllowedError'].includes(error.name));
      if (!isKnown) throw error;
      this.#logger.debug(`the request ${record.id} waits: ${error.message}`);
    }
  }

  /**
   * Judges all gates, and makes the transition when nothing changed meanwhile that
   * they were judged by.
   *
   * @returns nothing when a gate is in the way
   */
  async #tryToMove(options: {
    assetId: number;
    versionId: number;
    to: string;
    reason?: string;
    caller: Caller;
    request?: TransitionRequestRecord;
  }): Promise<StageMove | undefined> {
    const { to, caller } = options;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const situation = await this.#situations.of(options);
      const way = demandWay(situation, to);
      // What is asked for by a request is judged with what was decided on it, whoever asks again.
      const judgement = await this.#judge.judge(situation, way, {
        fresh: true,
      });
      if (!mayPass(judgement.gates)) return undefined;
      const move = await this.#commit({
        ...options,
        situation,
        way,
        judgement,
      });
      if (move) {
        this.#changed.raise();
        return move;
      }
    }
    throw new ConflictError(
      `too much changes at this moment for ${caller.subject} to move it; try again`,
    );
  }

  /** @returns nothing when something changed since the gates were judged */
  async #commit(options: {
    situation: Situation;
    way: AssetTypeTransition;
    judgement: Judgement;
    caller: Caller;
    reason?: string;
    request?: TransitionRequestRecord;
  }): Promise<StageMove | undefined> {
    const { situation, way, judgement, caller, request } = options;
    const { asset, version, last, type } = situation;
    const basis = basisOf(situation);
    const at = notBefore(this.#now(), last?.at);
    return this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      const now = await this.#situations.of({
        assetId: asset.id,
        versionId: version.id,
        request,
        repository,
      });
      if (basisOf(now) !== basis) return undefined;
      if (request && now.request?.state !== 'open') return undefined;
      demandUnmoved(now);
      await this.#demand(caller, now, way, repository);
      await demandRoom(now, way, repository);
      await demandFree(now, way, repository);
      const open = now.request?.state === 'open' ? now.request : undefined;
      const isAnswer = open?.to === way.to;
      const record: Omit<TransitionRecord, 'id'> = {
        assetId: asset.id,
        versionId: version.id,
        sequence: (last?.sequence ?? 0) + 1,
        from: stageIn(now),
        to: way.to,
        reason: isAnswer ? open.reason ?? options.reason : options.reason,
        type: type.name,
        typeRevision: type.revision,
        at,
        by: caller.subject,
        requestId: isAnswer ? open.id : undefined,
        gates: judgement.gates.length > 0 ? judgement.gates : undefined,
        decisions:
          judgement.decisions.length > 0 ? judgement.decisions : undefined,
      };
      if (!(await repository.transitions.insert(record)))
        throw new ConflictError(
          `${referenceIn(
            now,
          )} was moved by somebody else at this moment; look at it and try again`,
        );
      if (open)
        await repository.transitionRequests.end(open.id, {
          state: isAnswer ? 'moved' : 'overtaken',
          at,
          by: caller.subject,
          final: isAnswer
            ? {
                gates: judgement.gates,
                payload: payloadIn(now, open),
                typeRevision: type.revision,
              }
            : undefined,
        });
      if (open && !isAnswer)
        await repository.changes.append({
          asset,
          kind: 'transition.ended',
          subject: version.label,
          at,
          by: caller.subject,
          details: {
            digest: version.digest,
            new: { state: 'overtaken', to: open.to },
          },
        });
      await repository.assets.touch(asset.id, at);
      await repository.changes.append({
        asset,
        kind: 'version.moved',
        subject: version.label,
        at,
        by: caller.subject,
        details: {
          digest: version.digest,
          old: { stage: record.from },
          new: { stage: record.to },
          reason: record.reason,
          rules: { type: type.name, revision: type.revision },
        },
      });
      return presentMove(record, version);
    });
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
      await this.#demand(caller, now, way, repository);
      if (now.request)
        throw new ConflictError(
          `${now.request.requestedBy} asked already to move ${referenceIn(
            now,
          )} to '${now.request.to}'; that has to be decided or withdrawn first`,
        );
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
          new: { from: record.from, to },
          reason,
          rules: { type: now.type.name, revision: now.type.revision },
        },
      });
      return record;
    });
  }

  async #end(
    caller: Caller,
    record: TransitionRequestRecord,
    state: 'rejected' | 'withdrawn',
  ): Promise<void> {
    const situation = await this.#situations.of({ ...record, request: record });
    const way = wayIn(situation, record.to);
    const judgement =
      way && (await this.#judge.judge(situation, way, { fresh: false }));
    const at = this.#now();
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(record.assetId);
      await repository.transitionRequests.end(record.id, {
        state,
        at,
        by: caller.subject,
        final: {
          gates: judgement?.gates ?? [],
          payload: payloadIn(situation, record),
          typeRevision: situation.type.revision,
        },
      });
      await repository.changes.append({
        asset: situation.asset,
        kind: 'transition.ended',
        subject: situation.version.label,
        at,
        by: caller.subject,
        details: {
          digest: situation.version.digest,
          new: { state, to: record.to },
        },
      });
    });
    this.#changed.raise();
  }

  /** What a person may decide as asked. @throws NotAllowedError that says why not */
  async #decisionOf(
    caller: Caller,
    situation: Situation,
    request: DecideRequest,
  ): Promise<
    Pick<DecisionRecord, 'decision' | 'gate' | 'meaning' | 'comment'>
  > {
    const comment = request.comment?.trim() || undefined;
    if (request.decision !== 'approve' && comment === undefined)
      throw new FieldError(
        'comment',
        `it has to be said why it is ${
          request.decision === 'reject' ? 'rejected' : 'waived'
        }`,
      );
    const may = await this.#mayDecide(caller, situation);
    const what = `${caller.subject} may not decide on ${referenceIn(
      situation,
    )}`;
    if (!may.permitted)
      throw new NotAllowedError(
        `${what}: the permission policy of this portal, or a deny, does not allow it`,
      );
    if (request.decision === 'reject') {
      if (!may.reject)
        throw new NotAllowedError(`${what}: that takes an approver`);
      return {
        decision: 'reject',
        meaning: request.meaning ?? 'I reject this transition',
        comment,
      };
    }
    if (may.barred)
      throw new NotAllowedError(`${what}: ${caller.subject} ${may.barred}`);
    if (request.decision === 'waive') {
      if (request.gate === undefined)
        throw new FieldError('gate', 'the gate has to be named');
      const { waiver } = gateNamed(situation, request.gate);
      if (!may.waive.includes(request.gate))
        throw new NotAllowedError(
          `${what}: ${
            waiver
              ? `waiving the gate '${request.gate}' takes the role ${waiver}`
              : `its type lets nobody waive the gate '${request.gate}'`
          }`,
        );
      const way = wayIn(situation, situation.request!.to)!;
      const { gates } = await this.#judge.judge(situation, way, {
        fresh: false,
      });
      if (gates.find(({ name }) => name === request.gate)?.state === 'passed')
        throw new ConflictError(
          `the gate '${request.gate}' is passed; there is nothing to waive`,
        );
      return {
        decision: 'waive',
        gate: request.gate,
        meaning: request.meaning ?? 'I let it pass without this gate',
        comment,
      };
    }
    if (may.hasSpoken)
      throw new ConflictError(`${caller.subject} has said yes already`);
    if (request.gate) gateNamed(situation, request.gate);
    const gate = request.gate
      ? may.approve.find(each => each.gate === request.gate)
      : may.approve[0];
    if (!gate)
      throw new NotAllowedError(
        `${what}: that takes ${whoApproves(situation, request.gate)}`,
      );
    if (request.meaning !== undefined && request.meaning !== gate.meaning)
      throw new FieldConflictError(
        'meaning',
        `an approval of the gate '${gate.gate}' means: ${gate.meaning}`,
      );
    return {
      decision: 'approve',
      gate: gate.gate,
      meaning: gate.meaning,
      comment,
    };
  }

  /** What a person may decide, as far as roles, groups and the policy go. */
  async #mayDecide(
    caller: Caller,
    situation: Situation,
  ): Promise<{
    permitted: boolean;
    barred?: string;
    hasSpoken: boolean;
    approve: { gate: string; meaning: string }[];
    waive: string[];
    reject: boolean;
  }> {
    const { asset, request, decisions } = situation;
    const access = await this.#access.of(caller, asset);
    const permitted =
      caller.kind === 'user' &&
      !access.denied.has('approver') &&
      access.permits('asset.approve', { stage: request!.to });
    const gates = wayIn(situation, request!.to)?.gates ?? [];
    const person = {
      memberOf: caller.ownershipEntityRefs,
      roles: [...access.roles.keys()] as Role[],
    };
    const entitled = gates.filter(
      rule =>
        rule.kind === 'approvals' &&
        mayGive(optionsOf(rule) as ApprovalOptions, person),
    );
    const payload = payloadIn(situation, request!);
    const hasSpoken = decisions.some(
      each =>
        each.by === caller.subject &&
        each.decision === 'approve' &&
        each.payload === payload,
    );
    return {
      permitted,
      barred: await this.#judge.barred(situation, caller.subject),
      hasSpoken,
      approve: hasSpoken
        ? []
        : entitled.map(rule => ({
            gate: rule.name,
            meaning: (rule.meaning as string | undefined) ?? PLAIN_MEANING,
          })),
      waive: gates
        .filter(({ waiver }) => waiver && access.roles.has(waiver))
        .map(({ name }) => name),
      reject: entitled.length > 0 || access.roles.has('approver'),
    };
  }

  async #mayApprove(
    caller: Caller,
    record: TransitionRequestRecord,
  ): Promise<boolean> {
    if (!(await this.#sees(caller, record))) return false;
    const situation = await this.#situations.of({ ...record, request: record });
    const may = await this.#mayDecide(caller, situation);
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
    const may = isOpen ? await this.#mayDecide(caller, situation) : undefined;
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
      await this.#demand(requester, situation, way!, this.#repository);
      demandUnmoved(situation);
      await demandRoom(situation, way!, this.#repository);
      await demandFree(situation, way!, this.#repository);
      return undefined;
    } catch (error) {
      if (isError(error)) return error.message;
      throw error;
    }
  }

  #demand(
    caller: Caller,
    { asset }: Situation,
    way: AssetTypeTransition,
    repository: Repository,
  ): Promise<void> {
    return this.#access.demandTransition({
      caller,
      asset,
      repository,
      role: roleOf(way),
      stage: way.to,
    });
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

/** @throws FieldError that lists the gates there are */
function gateNamed(situation: Situation, name: string): GateRule {
  const gates = wayIn(situation, situation.request!.to)?.gates ?? [];
  const gate = gates.find(each => each.name === name);
  if (gate) return gate;
  throw new FieldError(
    'gate',
    `there is no gate '${name}'; ${
      gates.length > 0
        ? `there are ${gates.map(each => each.name).join(', ')}`
        : 'there is none'
    }`,
  );
}

/** Whose approval is asked for, as a sentence has it. */
function whoApproves(situation: Situation, gate: string | undefined): string {
  const gates = wayIn(situation, situation.request!.to)?.gates ?? [];
  const asked = gates
    .filter(({ kind, name }) => kind === 'approvals' && name !== undefined)
    .filter(({ name }) => gate === undefined || name === gate)
    .map(rule => (optionsOf(rule) as ApprovalOptions).from)
    .map(from => from?.join(' or ') ?? 'the role approver');
  return asked.length > 0
    ? [...new Set(asked)].join(', or ')
    : 'nobody: no gate asks for an approval';
}

/** @throws ConflictError when no way leads there from where the version stands */
function demandWay(situation: Situation, to: string): AssetTypeTransition {
  const { version, type } = situation;
  const reference = referenceIn(situation);
  if (version.deletion)
    throw new ConflictError(`${reference} was deleted, and can't be moved`);
  const way = wayIn(situation, to);
  if (way) return way;
  const { spec, name } = type;
  if (!spec.stages.some(stage => stage.name === to))
    throw new ConflictError(
      `the type ${name} has no stage '${to}'; there are ${spec.stages
        .map(stage => stage.name)
        .join(', ')}`,
    );
  const from = stageIn(situation);
  const ways = transitionsFrom(spec, from).map(each => each.to);
  throw new ConflictError(
    `${reference} stands in '${from}', from where nothing leads to '${to}'; ${
      ways.length > 0
        ? `it could go to ${ways.join(', ')}`
        : 'nothing leads out'
    }`,
  );
}

/** @throws FieldError when the type asks for a reason and there is none */
function demandReason(
  { type }: Situation,
  way: AssetTypeTransition,
  text: string | undefined,
): string | undefined {
  const reason = text?.trim() || undefined;
  if (way.reason === 'required' && reason === undefined)
    throw new FieldError(
      'reason',
      `the type ${type.name} asks for a reason to move a version to '${way.to}'`,
    );
  return reason;
}

/** @throws ConflictError when another version stands where only one may */
async function demandRoom(
  { asset, type }: Situation,
  { to }: AssetTypeTransition,
  repository: Repository,
): Promise<void> {
  const stage = type.spec.stages.find(({ name }) => name === to);
  if (!stage?.single) return;
  for (const { versionId } of await repository.transitions.standingIn(
    asset.id,
    to,
  )) {
    const other = await repository.versions.byId(versionId);
    if (!other.deletion)
      throw new ConflictError(
        `only one version may stand in '${to}', and version ${other.label} does; move that one first`,
      );
  }
}

/** @throws ConflictError when the version has moved since its open request was made */
function demandUnmoved(situation: Situation): void {
  const { request, last } = situation;
  if (
    request?.state === 'open' &&
    request.sequence !== (last?.sequence ?? 0) + 1
  )
    throw new ConflictError(
      `${referenceIn(situation)} has moved since it was asked for`,
    );
}

/** @throws ConflictError when what somebody holds would be put away for good */
async function demandFree(
  { asset, version, type }: Situation,
  { to }: AssetTypeTransition,
  repository: Repository,
): Promise<void> {
  const stage = type.spec.stages.find(({ name }) => name === to);
  if (stage?.final) await demandNoHold(repository, asset, version);
}

/** A clock that was set back does not turn the order of a version's moves. */
function notBefore(now: string, last: string | undefined): string {
  if (last === undefined || now > last) return now;
  return new Date(Date.parse(last) + 1).toISOString();
}

function presentDecision(
  { requestId: _, memberOf: __, ...decision }: DecisionRecord,
  { final }: TransitionRequestRecord,
): Decision {
  return final && final.payload !== decision.payload
    ? { ...decision, void: CHANGED_AFTER }
    : decision;
}

export function presentMove(
  move: Omit<TransitionRecord, 'id'>,
  version: VersionRecord,
): StageMove {
  const { from, to, reason, type, typeRevision, at, by, gates, decisions } =
    move;
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
    gates,
    decisions,
  };
}
