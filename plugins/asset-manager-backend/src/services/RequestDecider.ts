import { ConflictError, NotAllowedError } from '@backstage/errors';
import {
  DecideRequest,
  GateRule,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import {
  ApprovalOptions,
  mayGive,
  PLAIN_MEANING,
} from '../model/gates/approvalsGate';
import { optionsOf } from '../model/gates/gateKinds';
import type { AccessDecider } from './AccessDecider';
import type { GateJudge } from './GateJudge';
import type { DecisionRecord } from './lifecyclePorts';
import { payloadIn, referenceIn, Situation, wayIn } from './Situation';

/** Says what people may decide on requests for transitions. */
export class RequestDecider {
  readonly #access: AccessDecider;
  readonly #judge: GateJudge;

  constructor(options: { access: AccessDecider; judge: GateJudge }) {
    this.#access = options.access;
    this.#judge = options.judge;
  }

  /** What a person may decide as asked. @throws NotAllowedError that says why not */
  async decisionOf(
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
    const may = await this.mayDecide(caller, situation);
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
  async mayDecide(
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
