import type { LoggerService } from '@backstage/backend-plugin-api';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import type { AuditEvent } from '@baseasset/backstage-plugin-asset-manager-common';
import type { ApprovalOptions } from '../model/gates/approvalsGate';
import { FieldError } from '../model/FieldError';
import { optionsOf } from '../model/gates/gateKinds';
import type { AccessDecider } from './AccessDecider';
import type { Callers } from './Callers';
import type { TransitionRequestRecord } from './lifecyclePorts';
import type { AssetRecord, Clock, Repository } from './ports';
import { wayIn } from './Situation';
import type { Situations } from './Situations';

const READER = 'notifications';
const BATCH = 200;
/** How often something is tried that can't be sent. */
const MOST_TRIES = 5;

const DECISIONS: Record<string, string> = {
  approve: 'approved to move',
  reject: 'rejected to move',
  waive: 'waived a gate for moving',
};

/** What somebody is told. */
interface Notice {
  /** Entity references of people and groups. */
  to: string[];
  title: string;
  /** What a later notice of the same takes the place of. */
  scope: string;
}

/**
 * Tells people by the portal's notifications what waits for their approval, and what
 * became of what they asked for. It follows the audit trail; where the portal has no
 * notifications, nothing comes of it.
 */
export class TransitionNotifier {
  readonly #repository: Repository;
  readonly #situations: Situations;
  readonly #callers: Callers;
  readonly #access: AccessDecider;
  readonly #notifications: Pick<NotificationService, 'send'>;
  readonly #now: Clock;
  readonly #logger: LoggerService;
  #tries = 0;

  constructor(options: {
    repository: Repository;
    situations: Situations;
    callers: Callers;
    access: AccessDecider;
    notifications: Pick<NotificationService, 'send'>;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#situations = options.situations;
    this.#callers = options.callers;
    this.#access = options.access;
    this.#notifications = options.notifications;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  async run(signal?: AbortSignal): Promise<void> {
    const { audit, changes } = this.#repository;
    let position = await changes.position(READER);
    if (position === 0) {
      // What was before somebody looks for the first time is no news.
      position = (await audit.head())?.sequence ?? 0;
      await changes.setPosition(READER, position);
    }
    for (;;) {
      const entries = await audit.chain({ above: position, limit: BATCH });
      for (const { sequence, content } of entries) {
        if (signal?.aborted) return;
        if (content !== undefined && !(await this.#tell(JSON.parse(content))))
          return;
        position = sequence;
        await changes.setPosition(READER, position);
      }
      if (entries.length < BATCH) return;
    }
  }

  /** @returns false when it is to be tried again */
  async #tell(event: AuditEvent): Promise<boolean> {
    const notices = [
      await this.#noticeOfRequest(event),
      await this.#noticeOfMove(event),
    ];
    try {
      for (const notice of notices)
        if (notice && notice.to.length > 0)
          await this.#notifications.send({
            recipients: {
              type: 'entity',
              entityRef: notice.to,
              excludeEntityRef: event.actor,
            },
            payload: {
              title: notice.title,
              description: event.reason,
              link:
                event.action === 'transition.requested'
                  ? '/assets/approvals'
                  : `/assets/${event.object.replace(/@.*$/, '')}/lifecycle`,
              topic: 'asset-manager',
              scope: notice.scope,
            },
          });
      this.#tries = 0;
      return true;
    } catch (error) {
      this.#tries++;
      this.#logger.debug(
        `nobody could be notified of ${event.id}`,
        error as Error,
      );
      if (this.#tries < MOST_TRIES) return false;
      this.#tries = 0;
      return true;
    }
  }

  /** For those whom the rules of the type name, when a version has taken a way. */
  async #noticeOfMove(event: AuditEvent): Promise<Notice | undefined> {
    const { action, object, old, rules } = event;
    if (action !== 'version.moved' || !rules) return undefined;
    const to = event.new?.stage;
    const record = await this.#repository.assetTypes.find(
      rules.type,
      rules.revision,
    );
    const named = (record?.document.spec.transitions ?? [])
      .filter(way => way.to === to && way.from.includes(String(old?.stage)))
      .flatMap(way => way.actions ?? [])
      .flatMap(each => (each.kind === 'notify' ? each.to : []));
    if (named.length === 0) return undefined;
    const [, namespace, name] = /^([^/]+)\/([^@]+)/.exec(object) ?? [];
    const asset = await this.#repository.assets.find(
      { namespace, name },
      'everything',
    );
    if (!asset) return undefined;
    return {
      to: await this.#thoseWhoSee(asset, named),
      title: `${object} stands in '${to}' now`,
      scope: `action:${event.id}`,
    };
  }

  /** Nobody is told of what they may not see. */
  async #thoseWhoSee(
    asset: AssetRecord,
    refs: readonly string[],
  ): Promise<string[]> {
    const seeing: string[] = [];
    for (const ref of new Set(refs)) {
      try {
        const who = await this.#callers.ofPrincipal(ref);
        if (await this.#access.may(who, 'asset.read', asset)) seeing.push(ref);
      } catch (error) {
        // Rules may name whom the catalog does not have.
        if (!(error instanceof FieldError)) throw error;
      }
    }
    return seeing;
  }

  /** For those whom a request concerns. */
  async #noticeOfRequest(event: AuditEvent): Promise<Notice | undefined> {
    const id = event.new?.request;
    if (typeof id !== 'string') return undefined;
    const request = await this.#repository.transitionRequests.find(id);
    const notice = request && (await this.#describe(event, request));
    if (!notice) return undefined;
    const asset = await this.#repository.assets.byId(request.assetId);
    return {
      to: await this.#thoseWhoSee(asset, notice.to),
      title: notice.title,
      scope: `transition-request:${id}:${event.action}`,
    };
  }

  async #describe(
    event: AuditEvent,
    request: TransitionRequestRecord,
  ): Promise<Omit<Notice, 'scope'> | undefined> {
    const { object, actor, action } = event;
    const who = actor.replace(/^user:default\//, '');
    const way = `${object} to '${request.to}'`;
    switch (action) {
      case 'transition.requested':
        return {
          to: await this.#approversOf(request),
          title: `${who} asks to move ${way}`,
        };
      case 'transition.decided':
        return {
          to: [request.requestedBy],
          title: `${who} ${DECISIONS[String(event.new?.decision)]} ${way}`,
        };
      case 'version.moved':
        return {
          to: [request.requestedBy],
          title: `${object} stands in '${request.to}' now`,
        };
      case 'transition.ended':
        return request.state === 'overtaken'
          ? {
              to: [request.requestedBy],
              title: `${object} was moved elsewhere: asking for '${request.to}' has ended`,
            }
          : undefined;
      default:
        return undefined;
    }
  }

  /** Whose approval the gates ask for, by name or by what was granted. */
  async #approversOf(request: TransitionRequestRecord): Promise<string[]> {
    const situation = await this.#situations.of({ ...request, request });
    const { asset } = situation;
    const gates = (wayIn(situation, request.to)?.gates ?? [])
      .filter(({ kind }) => kind === 'approvals')
      .map(rule => (optionsOf(rule) as ApprovalOptions).from);
    const found = new Set(gates.flatMap(from => from ?? []));
    if (gates.some(from => from === undefined)) {
      const grants = await this.#repository.grants.at(
        { assetId: asset.id, namespace: asset.namespace, type: asset.type },
        this.#now(),
      );
      for (const { effect, role, principal } of grants)
        if (effect === 'allow' && role === 'approver') found.add(principal);
    }
    return [...found].filter(ref => /^(user|group):/.test(ref));
  }
}
