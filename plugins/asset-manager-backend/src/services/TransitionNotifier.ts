import type { LoggerService } from '@backstage/backend-plugin-api';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import type { AuditEvent } from '@baseasset/backstage-plugin-asset-manager-common';
import type { ApprovalOptions } from '../model/gates/approvalsGate';
import { optionsOf } from '../model/gates/gateKinds';
import type { TransitionRequestRecord } from './lifecyclePorts';
import type { Clock, Repository } from './ports';
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
}

/**
 * Tells people by the portal's notifications what waits for their approval, and what
 * became of what they asked for. It follows the audit trail; where the portal has no
 * notifications, nothing comes of it.
 */
export class TransitionNotifier {
  readonly #repository: Repository;
  readonly #situations: Situations;
  readonly #notifications: Pick<NotificationService, 'send'>;
  readonly #now: Clock;
  readonly #logger: LoggerService;
  #tries = 0;

  constructor(options: {
    repository: Repository;
    situations: Situations;
    notifications: Pick<NotificationService, 'send'>;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#situations = options.situations;
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
    const id = event.new?.request;
    if (typeof id !== 'string') return true;
    const request = await this.#repository.transitionRequests.find(id);
    if (!request) return true;
    const notice = await this.#noticeOf(event, request);
    if (!notice || notice.to.length === 0) return true;
    try {
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
          scope: `transition-request:${id}:${event.action}`,
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

  async #noticeOf(
    event: AuditEvent,
    request: TransitionRequestRecord,
  ): Promise<Notice | undefined> {
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
