import type { LoggerService } from '@backstage/backend-plugin-api';
import { AuthenticationError, NotFoundError } from '@backstage/errors';
import {
  AccessTokenAnswer,
  CreateFederationRequest,
  Federation,
  FederationSettings,
  namespaceProblem,
  refuse,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { principalOf } from '../model/serviceAccount';
import { claimRulesProblem, unmetClaim } from '../model/claimRules';
import { FieldError, inField } from '../model/FieldError';
import type { FederationRecord } from './accessPorts';
import { IdTokenRefusal, IdTokenVerifier } from './IdTokenVerifier';
import type { Clock, Repository } from './ports';
import type { ServiceAccountService } from './ServiceAccountService';

/**
 * Lets jobs of a CI system be a service account by the token that the system gives
 * each of them, so that nobody keeps a secret.
 */
export class FederationService {
  readonly #repository: Repository;
  readonly #accounts: ServiceAccountService;
  readonly #verifier: IdTokenVerifier;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    accounts: ServiceAccountService;
    verifier: IdTokenVerifier;
    now: Clock;
    createId: () => string;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#accounts = options.accounts;
    this.#verifier = options.verifier;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#logger = options.logger;
  }

  /** Whom this portal trusts. */
  settings(): FederationSettings {
    const { issuers, audience } = this.#verifier;
    return { issuers: [...issuers], audience };
  }

  /** Newest first. @throws NotFoundError when the caller looks after no such account */
  async list(caller: Caller, account: string): Promise<Federation[]> {
    await this.#accounts.get(caller, account);
    const federations = await this.#repository.federations.list(account);
    return federations.map(present);
  }

  /**
   * @throws FieldError when the configuration does not trust the issuer, or every
   *   token of it would do
   */
  async create(
    caller: Caller,
    account: string,
    request: CreateFederationRequest,
  ): Promise<Federation> {
    await this.#accounts.get(caller, account);
    const { issuer, claims, description } = request;
    if (!this.#verifier.issuers.includes(issuer)) {
      throw new FieldError(
        'issuer',
        this.#verifier.issuers.length === 0
          ? 'this portal trusts no issuer; the configuration names them under assetManager.federation.issuers'
          : `this portal trusts ${this.#verifier.issuers.join(', ')} alone`,
      );
    }
    const problem = claimRulesProblem(claims);
    if (problem !== undefined) throw new FieldError('claims', problem);
    const federation: FederationRecord = {
      id: this.#createId(),
      account,
      issuer,
      claims,
      description,
      createdAt: this.#now(),
      createdBy: caller.subject,
    };
    await this.#repository.transaction(async ({ federations, audit }) => {
      await federations.insert(federation);
      await audit.append({
        at: federation.createdAt,
        actor: caller.subject,
        action: 'service-federation.created',
        object: principalOf(account),
        new: { federation: federation.id, issuer, claims },
      });
    });
    return present(federation);
  }

  /** @throws NotFoundError when the account has no such one */
  async revoke(caller: Caller, account: string, id: string): Promise<void> {
    await this.#accounts.get(caller, account);
    const federation = await this.#repository.federations.find(id);
    if (federation?.account !== account)
      throw new NotFoundError(`${account} has no federation ${id} in force`);
    const at = this.#now();
    await this.#repository.transaction(async ({ federations, audit }) => {
      await federations.revoke(id, at, caller.subject);
      await audit.append({
        at,
        actor: caller.subject,
        action: 'service-federation.revoked',
        object: principalOf(account),
        old: { federation: id, issuer: federation.issuer },
      });
    });
  }

  /**
   * Exchanges the token of a job for a short-lived one that the portal accepts. Why
   * one is refused stands in the log, where who looks after the account may ask.
   *
   * @param account - whom the job wants to be
   * @throws FieldError when that is not said
   * @throws AuthenticationError whatever is wrong with the token: never what
   */
  async exchange(token: string, account: string): Promise<AccessTokenAnswer> {
    inField('service_account', () =>
      refuse('account name', account, namespaceProblem(account)),
    );
    try {
      const { issuer, claims } = await this.#verifier.verify(token);
      const federation = await this.#matching(account, issuer, claims);
      return await this.#accounts.issue(federation, () =>
        this.#repository.federations.noteUse(federation.id, this.#now()),
      );
    } catch (error) {
      if (error instanceof IdTokenRefusal)
        this.#logger.warn(
          `a token of another issuer was refused for the account ${account}: ${error.message}`,
        );
      else if (!(error instanceof AuthenticationError)) throw error;
      throw new AuthenticationError(
        'the token does not stand for this account; the log of the portal says why',
      );
    }
  }

  async #matching(
    account: string,
    issuer: string,
    claims: Record<string, unknown>,
  ): Promise<FederationRecord> {
    const federations = await this.#repository.federations.list(account);
    const ofIssuer = federations.filter(each => each.issuer === issuer);
    const unmet: string[] = [];
    for (const federation of ofIssuer) {
      const claim = unmetClaim(federation.claims, claims);
      if (claim === undefined) return federation;
      unmet.push(`${federation.id} by its ${claim}`);
    }
    throw new IdTokenRefusal(
      ofIssuer.length === 0
        ? `it has no federation with ${issuer}`
        : `${String(claims.sub)} does not meet ${unmet.join(', ')}`,
    );
  }
}

function present({ account: _account, ...federation }: FederationRecord) {
  return federation;
}
