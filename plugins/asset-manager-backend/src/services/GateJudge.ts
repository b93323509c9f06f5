import { isError } from '@backstage/errors';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  AssetTypeTransition,
  Decision,
  formatReference,
  GateResult,
  GateRule,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type {
  ApprovalFact,
  GateFacts,
} from '@baseasset/backstage-plugin-asset-manager-node';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import { ApprovalOptions, mayGive } from '../model/gates/approvalsGate';
import { missingFields } from '../model/gates/metadataGate';
import { GateKinds, optionsOf } from '../model/gates/gateKinds';
import { requiredIn } from '../model/stages';
import { accountNameOf } from '../model/serviceAccount';
import { payloadIn, sinceIn, Situation, stageIn } from './Situation';
import type { AccessDecider } from './AccessDecider';
import type { Callers } from './Callers';
import type { DecisionRecord } from './lifecyclePorts';
import { handlersOf } from './handlersOf';
import type { Clock, Repository } from './ports';

/** Why a decision does not count that was made on something else. */
export const CHANGED_AFTER = 'the version or the rules changed after it';

/** What the gates of one way say, and which decisions count. */
export interface Judgement {
  gates: GateResult[];
  decisions: Decision[];
}

/** A decision with what whoever made it is now. */
interface Voice extends ApprovalFact {
  record: DecisionRecord;
  void?: string;
}

/** Asks the gates of a way, with everybody's groups and roles as they are now. */
export class GateJudge {
  readonly #repository: Repository;
  readonly #kinds: GateKinds;
  readonly #callers: Callers;
  readonly #access: AccessDecider;
  readonly #now: Clock;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    kinds: GateKinds;
    callers: Callers;
    access: AccessDecider;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#kinds = options.kinds;
    this.#callers = options.callers;
    this.#access = options.access;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  /**
   * Not inside of a transaction: it asks the catalog, and expressions take their time.
   *
   * @param options.fresh - whether groups are asked for anew, as they have to be before
   *   a version moves; otherwise they may be as they were some seconds ago
   */
  async judge(
    situation: Situation,
    way: AssetTypeTransition,
    options: { fresh: boolean },
  ): Promise<Judgement> {
    const isAsked = situation.request?.to === way.to;
    const voices = isAsked ? await this.#voices(situation, options) : [];
    const rules = way.gates ?? [];
    const facts = await this.#factsOf(situation, way, voices, options);
    const gates: GateResult[] = [];
    const required = requirementsOf(situation, way.to);
    if (required) gates.push(required);
    for (const rule of rules) {
      const result = await this.#ask(rule, facts, situation);
      const waiver =
        result.state === 'passed' ? undefined : waiverOf(rule, voices);
      gates.push(
        waiver
          ? {
              ...result,
              state: 'waived',
              message: `waived by ${waiver.by}: ${waiver.comment ?? ''}`,
            }
          : result,
      );
    }
    return {
      gates,
      decisions: voices.map(({ record, void: reason }) => ({
        decision: record.decision,
        by: record.by,
        at: record.at,
        gate: record.gate,
        meaning: record.meaning,
        comment: record.comment,
        payload: record.payload,
        void: reason,
      })),
    };
  }

  /** Why somebody's yes can't count: whoever made or asked for something does not approve it. */
  async barred(
    situation: Situation,
    person: string,
  ): Promise<string | undefined> {
    const { version, request, provenance } = situation;
    const makers = [
      [request?.requestedBy, 'asked for it'],
      [version.createdBy, 'pushed the version'],
      ...provenance.runs.flatMap(run =>
        [run.recordedBy, run.onBehalfOf].map(
          principal => [principal, 'ran what made the version'] as const,
        ),
      ),
    ] as const;
    const own = makers.find(([principal]) => principal === person);
    if (own) return own[1];
    // Behind an account are those who can act as it.
    for (const [principal, what] of makers) {
      const account = principal && accountNameOf(principal);
      if (account && (await handlersOf(this.#repository, account)).has(person))
        return `holds a token of ${principal}, which ${what}`;
    }
    return undefined;
  }

  async #voices(
    situation: Situation,
    options: { fresh: boolean },
  ): Promise<Voice[]> {
    const { request, decisions } = situation;
    if (!request) return [];
    const payload = payloadIn(situation, request);
    const voices: Voice[] = [];
    for (const record of decisions) {
      const person = await this.#personOf(record.by, situation, options);
      const voice = {
        record,
        by: record.by,
        gate: record.gate ?? '',
        memberOf: person?.caller.ownershipEntityRefs ?? [],
        roles: person?.roles ?? [],
      };
      const barred = await this.barred(situation, record.by);
      let reason: string | undefined;
      if (record.payload !== payload) reason = CHANGED_AFTER;
      else if (!person) reason = `${record.by} is not there any more`;
      else if (barred) reason = `${record.by} ${barred}`;
      else if (!isEntitled(voice, situation))
        reason = `${record.by} is none of those any more whose word counts`;
      voices.push({ ...voice, barred, void: reason });
    }
    return voices;
  }

  /** Somebody as the catalog and the grants have them now; nobody when they are gone. */
  async #personOf(
    ref: string,
    { asset }: Situation,
    options: { fresh: boolean },
  ): Promise<{ caller: Caller; roles: Role[] } | undefined> {
    try {
      const caller = await this.#callers.ofActor(ref, options);
      const access = await this.#access.of(caller, asset);
      return { caller, roles: [...access.roles.keys()] };
    } catch (error) {
      if (error instanceof FieldError) return undefined;
      throw error;
    }
  }

  async #factsOf(
    situation: Situation,
    way: AssetTypeTransition,
    voices: readonly Voice[],
    options: { fresh: boolean },
  ): Promise<GateFacts> {
    const { asset, version, type, request, provenance } = situation;
    const memberships = new Map<string, readonly string[]>();
    const runBy = new Map(
      provenance.runs.map(({ id, recordedBy }) => [id, recordedBy]),
    );
    if (way.gates?.length) {
      for (const by of [
        ...situation.checks.map(check => check.by),
        ...runBy.values(),
      ])
        if (!memberships.has(by))
          memberships.set(
            by,
            (await this.#personOf(by, situation, options))?.caller
              .ownershipEntityRefs ?? [by],
          );
    }
    return {
      asset: {
        namespace: asset.namespace,
        name: asset.name,
        type: asset.type,
        owner: asset.owner,
        visibility: asset.visibility,
        tags: asset.tags,
      },
      version: {
        label: version.label,
        digest: version.digest,
        size: version.size,
        fileCount: version.fileCount,
        metadata: version.metadata,
        message: version.message,
        verified: version.verification === 'verified',
        createdAt: version.createdAt,
        createdBy: version.createdBy,
      },
      metadataSchema: type.spec.metadata,
      from: stageIn(situation),
      to: way.to,
      since: sinceIn(situation),
      request:
        request?.to === way.to
          ? { at: request.requestedAt, by: request.requestedBy }
          : undefined,
      checks: situation.checks.map(check => ({
        name: check.name,
        status: check.status,
        summary: check.summary,
        evidence: check.evidence,
        at: check.at,
        by: check.by,
        memberOf: memberships.get(check.by) ?? [check.by],
      })),
      inputs: provenance.inputs.map(input => ({
        namespace: input.namespace,
        name: input.name,
        type: input.type,
        label: input.label,
        digest: input.digest,
        role: input.role ?? '',
        confidence: input.confidence,
        // What was deleted stands nowhere.
        stage: (!input.deleted && input.stage) || '',
        retracted: input.retracted,
        deleted: input.deleted,
        recordedBy: runBy.get(input.runId) ?? '',
        memberOf: memberships.get(runBy.get(input.runId) ?? '') ?? [],
      })),
      approvals: voices.filter(
        voice =>
          voice.void === undefined && voice.record.decision === 'approve',
      ),
      now: this.#now(),
    };
  }

  async #ask(
    rule: GateRule,
    facts: GateFacts,
    { asset, version }: Situation,
  ): Promise<GateResult> {
    const result = {
      name: rule.name,
      kind: rule.kind,
      mode: rule.mode ?? ('enforce' as const),
      waiver: rule.waiver,
    };
    const kind = this.#kinds.get(rule.kind);
    if (!kind)
      return {
        ...result,
        state: 'failed',
        message: `there is no kind of gate '${rule.kind}' in this portal`,
      };
    try {
      const outcome = await kind.judge(optionsOf(rule), {
        ...facts,
        approvals: facts.approvals.filter(({ gate }) => gate === rule.name),
      });
      return {
        ...result,
        ...outcome,
        message:
          outcome.state === 'passed' || rule.message === undefined
            ? outcome.message
            : `${rule.message} (${outcome.message})`,
      };
    } catch (error) {
      const why = isError(error) ? error.message : 'it went wrong';
      this.#logger.warn(
        `the gate ${rule.name} could not judge ${formatReference({
          ...asset,
          selector: version.label,
        })}: ${why}`,
      );
      // What can't be judged does not pass.
      return {
        ...result,
        state: 'failed',
        message: `${rule.message ?? 'it could not be judged'} (${why})`,
      };
    }
  }
}

/** Whether a person is, now, one of those whose yes or waiver the gate counts. */
function isEntitled(voice: Voice, { request, type }: Situation): boolean {
  if (voice.record.decision === 'reject') return true;
  const way = type.spec.transitions?.find(
    each => each.to === request?.to && each.from.includes(request.from),
  );
  const rule = way?.gates?.find(gate => gate.name === voice.gate);
  if (!rule) return false;
  return voice.record.decision === 'waive'
    ? rule.waiver !== undefined && voice.roles.includes(rule.waiver)
    : rule.kind === 'approvals' &&
        mayGive(optionsOf(rule) as ApprovalOptions, voice);
}

/** The metadata that a stage, or one on every way to it, asks of whatever enters it, as a gate. */
function requirementsOf(
  { version, type }: Situation,
  to: string,
): GateResult | undefined {
  const required = [...requiredIn(type.spec, to)];
  if (required.length === 0) return undefined;
  const missing = missingFields(version.metadata, required);
  // What an earlier stage asks for is only news where it is missing.
  const isItsOwn = type.spec.stages.some(
    ({ name, requires }) => name === to && requires,
  );
  if (missing.length === 0 && !isItsOwn) return undefined;
  return {
    name: `requires-${to}`,
    kind: 'metadata',
    mode: 'enforce',
    ...(missing.length === 0
      ? { state: 'passed', message: `the metadata has what '${to}' asks for` }
      : {
          state: 'failed',
          message: `'${to}' asks for metadata that is missing: ${missing.join(
            ', ',
          )}`,
        }),
  };
}

function waiverOf(
  rule: GateRule,
  voices: readonly Voice[],
): DecisionRecord | undefined {
  return voices.find(
    ({ record, void: reason }) =>
      reason === undefined &&
      record.decision === 'waive' &&
      record.gate === rule.name,
  )?.record;
}
