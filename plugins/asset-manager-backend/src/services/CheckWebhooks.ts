import { AuthenticationError, isError } from '@backstage/errors';
import {
  Check,
  parseReference,
  RecordCheckRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError, inField } from '../model/FieldError';
import { isSignedWebhook, TOLERANCE_MS } from '../model/webhookSignature';
import type { Callers } from './Callers';
import type { CheckService } from './CheckService';
import type { Clock, Repository } from './ports';

/** Who may send checks without a token, as the configuration says. */
export interface CheckSource {
  name: string;
  secret: string;
  /** The service account that it acts as. */
  account: string;
}

/** Takes checks that others send, with a signature in the place of a token. */
export class CheckWebhooks {
  readonly #repository: Repository;
  readonly #sources: readonly CheckSource[];
  readonly #callers: Callers;
  readonly #checks: CheckService;
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    sources: readonly CheckSource[];
    callers: Callers;
    checks: CheckService;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#sources = options.sources;
    this.#callers = options.callers;
    this.#checks = options.checks;
    this.#now = options.now;
  }

  /**
   * @param body - the very text that was signed
   * @throws AuthenticationError for what is not signed by the source, is older than
   *   five minutes, or was sent before: never which
   */
  async take(
    name: string,
    signature: string | undefined,
    body: string,
  ): Promise<Check> {
    const source = this.#sources.find(each => each.name === name);
    const now = this.#now();
    const isRight =
      source !== undefined &&
      isSignedWebhook(source.secret, signature, body, Date.parse(now));
    if (!isRight || !(await this.#repository.webhooks.hear(signature!, now)))
      throw new AuthenticationError(
        'the webhook is not signed by a source that this portal knows, is too old, or was sent before',
      );
    const { webhooks } = this.#repository;
    await webhooks.forgetHeard(
      new Date(Date.parse(now) - 2 * TOLERANCE_MS).toISOString(),
    );
    const { reference, check } = readCheck(body);
    const caller = await this.#actor(source);
    const { selector } = reference;
    return this.#checks.record(caller, reference, selector, check);
  }

  async #actor({ name, account }: CheckSource) {
    try {
      return await this.#callers.ofActor(`service:default/${account}`);
    } catch (error) {
      throw new AuthenticationError(
        `the source ${name} can't act: ${isError(error) ? error.message : ''}`,
      );
    }
  }
}

/** @throws FieldError for what is no check of a version */
function readCheck(body: string) {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(body);
  } catch {
    throw new FieldError('body', 'it is no JSON');
  }
  const text = (field: string, most: number) => {
    const found = value?.[field];
    if (found === undefined) return undefined;
    if (typeof found !== 'string' || found === '' || found.length > most)
      throw new FieldError(field, `it has to be a text of up to ${most}`);
    return found;
  };
  const given = (field: string, most: number) => {
    const found = text(field, most);
    if (found === undefined) throw new FieldError(field, 'it is missing');
    return found;
  };
  const reference = inField('version', () =>
    parseReference(given('version', 512)),
  );
  const { selector } = reference;
  if (selector === undefined)
    throw new FieldError('version', 'it names no version');
  const status = given('status', 10);
  if (status !== 'passed' && status !== 'failed')
    throw new FieldError('status', 'it has to be passed or failed');
  const { evidence } = value;
  if (
    evidence !== undefined &&
    (typeof evidence !== 'object' ||
      evidence === null ||
      Array.isArray(evidence))
  )
    throw new FieldError('evidence', 'it has to be an object');
  const check: RecordCheckRequest = {
    name: given('name', 100),
    status,
    summary: text('summary', 1000),
    url: text('url', 2000),
    evidence: evidence as RecordCheckRequest['evidence'],
  };
  return { reference: { ...reference, selector }, check };
}
