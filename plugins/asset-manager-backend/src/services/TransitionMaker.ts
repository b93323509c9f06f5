import { ConflictError } from '@backstage/errors';
import {
  AssetTypeTransition,
  mayPass,
  StageMove,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { roleOf } from '../model/stages';
import type { AccessDecider } from './AccessDecider';
import { setAlias } from './AliasService';
import type { AssetTypes } from './AssetTypes';
import type { ChangeSignal } from './ChangeSignal';
import type { GateJudge, Judgement } from './GateJudge';
import type {
  TransitionRecord,
  TransitionRequestRecord,
} from './lifecyclePorts';
import type { Clock, Repository, VersionRecord } from './ports';
import {
  basisOf,
  payloadIn,
  referenceIn,
  Situation,
  stageIn,
} from './Situation';
import type { Situations } from './Situations';
import {
  demandFree,
  demandRoom,
  demandUnmoved,
  demandWay,
} from './transitionRules';

/** How often a move is judged again when something changed meanwhile. */
const MOST_ATTEMPTS = 5;

/** Makes transitions whose gates are passed. */
export class TransitionMaker {
  readonly #repository: Repository;
  readonly #types: AssetTypes;
  readonly #access: AccessDecider;
  readonly #situations: Situations;
  readonly #judge: GateJudge;
  readonly #now: Clock;
  readonly #changed: ChangeSignal;

  constructor(options: {
    repository: Repository;
    types: AssetTypes;
    access: AccessDecider;
    situations: Situations;
    judge: GateJudge;
    now: Clock;
    changed: ChangeSignal;
  }) {
    this.#repository = options.repository;
    this.#types = options.types;
    this.#access = options.access;
    this.#situations = options.situations;
    this.#judge = options.judge;
    this.#now = options.now;
    this.#changed = options.changed;
  }

  /**
   * Judges all gates, and makes the transition when nothing changed meanwhile that
   * they were judged by.
   *
   * @returns nothing when a gate is in the way
   */
  async tryToMove(options: {
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
      // What a request asks for is judged with what was decided on it.
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
      await this.demand(caller, now, way, repository);
      await demandRoom(now, way, repository);
      await demandFree(now, way, repository);
      const open = now.request?.state === 'open' ? now.request : undefined;
      const isAnswer = open?.to === way.to;
      // It may have been asked for meanwhile, and approved by this very caller.
      if (isAnswer && open.requestedBy !== caller.subject)
        throw new ConflictError(
          `${open.requestedBy} asked to move ${referenceIn(
            now,
          )} at this moment`,
        );
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
            new: { request: open.id, state: 'overtaken', to: open.to },
          },
        });
      for (const action of way.actions ?? [])
        if (action.kind === 'alias')
          await setAlias({
            repository,
            asset,
            version,
            alias: action.alias,
            types: this.#types,
            at,
            by: caller.subject,
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
          new: { stage: record.to, request: record.requestId },
          reason: record.reason,
          rules: { type: type.name, revision: type.revision },
        },
      });
      return presentMove(record, version);
    });
  }

  /** @throws NotAllowedError for whoever may not take a way */
  demand(
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
}

/** A clock that was set back does not turn the order of a version's moves. */
function notBefore(now: string, last: string | undefined): string {
  if (last === undefined || now > last) return now;
  return new Date(Date.parse(last) + 1).toISOString();
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
