import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  AccessTokenAnswer,
  CreatedServiceToken,
  CreateServiceAccountRequest,
  CreateServiceTokenRequest,
  namespaceProblem,
  refuse,
  ServiceAccount,
  ServiceToken,
  SERVICE_TOKEN_PREFIX,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { AuthenticationError, NotFoundError } from '@backstage/errors';
import { Caller, chooseOwner, owns } from '../model/caller';
import { FieldConflictError, FieldError, inField } from '../model/FieldError';
import { principalOf } from '../model/serviceAccount';
import { readEntityRef } from './AssetService';
import type { ServiceAccountRecord, ServiceTokenRecord } from './accessPorts';
import type { Clock, Repository } from './ports';
import type { TokenIssuer } from './TokenIssuer';

const DAY_MS = 24 * 60 * 60 * 1000;
const PRESET_MS = 90 * DAY_MS;
const LONGEST_MS = 366 * DAY_MS;
/** That a token was used is written down no more often. */
const NOTED_EVERY_MS = 60_000;
const SECRET_BYTES = 32;

const TOKEN = new RegExp(
  `^${SERVICE_TOKEN_PREFIX}([0-9a-z]{26})_([A-Za-z0-9_-]{43})$`,
);

const hashOf = (secret: string) =>
  createHash('sha256').update(secret).digest('hex');

/** Accounts of pipelines and CI jobs, looked after by the groups that own them. */
export class ServiceAccountService {
  readonly #repository: Repository;
  readonly #issuer: TokenIssuer;
  readonly #now: Clock;
  readonly #createId: () => string;

  constructor(options: {
    repository: Repository;
    issuer: TokenIssuer;
    now: Clock;
    createId: () => string;
  }) {
    this.#repository = options.repository;
    this.#issuer = options.issuer;
    this.#now = options.now;
    this.#createId = options.createId;
  }

  /** Those of the caller's groups; all for administrators. */
  async list(caller: Caller): Promise<ServiceAccount[]> {
    const accounts = await this.#repository.serviceAccounts.list(
      caller.administrator ? undefined : caller.ownershipEntityRefs,
    );
    return accounts.map(present);
  }

  /** @throws NotFoundError when the caller looks after no such account */
  async get(caller: Caller, name: string): Promise<ServiceAccount> {
    return present(await this.#find(caller, name));
  }

  /**
   * @throws FieldConflictError when the name is taken
   * @throws NotAllowedError when the caller does not belong to the owner
   */
  async create(
    caller: Caller,
    request: CreateServiceAccountRequest,
  ): Promise<ServiceAccount> {
    const { name, description } = request;
    inField('name', () => refuse('account name', name, namespaceProblem(name)));
    // An account that made another one could outlive what it was given.
    const owner = chooseOwner(
      caller.kind === 'user' ? caller : { ...caller, groups: [] },
      request.owner === undefined
        ? undefined
        : readEntityRef('owner', request.owner, 'group'),
    );
    const account: ServiceAccountRecord = {
      name,
      owner,
      description,
      createdAt: this.#now(),
      createdBy: caller.subject,
    };
    await this.#repository.transaction(async repository => {
      if (!(await repository.serviceAccounts.insert(account)))
        throw new FieldConflictError(
          'name',
          `there is a service account ${name} already`,
        );
      await repository.audit.append({
        at: account.createdAt,
        actor: caller.subject,
        action: 'service-account.created',
        object: principalOf(name),
        new: { owner, description },
      });
    });
    return present(account);
  }

  /** Refuses all of its tokens from now on, or takes that back. */
  async setDisabled(
    caller: Caller,
    name: string,
    disabled: boolean,
  ): Promise<ServiceAccount> {
    const account = await this.#find(caller, name);
    const changed = {
      ...account,
      disabledAt: disabled ? account.disabledAt ?? this.#now() : undefined,
    };
    await this.#repository.transaction(async repository => {
      await repository.serviceAccounts.setDisabled(
        name,
        changed.disabledAt,
        caller.subject,
      );
      await repository.audit.append({
        at: this.#now(),
        actor: caller.subject,
        action: `service-account.${disabled ? 'disabled' : 'enabled'}`,
        object: principalOf(name),
      });
    });
    return present(changed);
  }

  /** Newest first; without the text of any. */
  async tokens(caller: Caller, name: string): Promise<ServiceToken[]> {
    await this.#find(caller, name);
    const tokens = await this.#repository.serviceAccounts.tokens(name);
    return tokens.map(presentToken);
  }

  /**
   * Makes a token, whose text nobody can be told again; in the place of another one
   * if asked.
   *
   * @throws NotFoundError when the account has no token in force that it could replace
   */
  async createToken(
    caller: Caller,
    name: string,
    request: CreateServiceTokenRequest,
  ): Promise<CreatedServiceToken> {
    await this.#find(caller, name);
    const createdAt = this.#now();
    const former =
      request.replaces && (await this.#inForce(name, request.replaces.id));
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const token: ServiceTokenRecord = {
      id: this.#createId(),
      account: name,
      secretHash: hashOf(secret),
      description: request.description ?? former?.description,
      createdAt,
      createdBy: caller.subject,
      expiresAt: readEnd(
        request.expiresAt ?? (former && endLike(former, createdAt)),
        createdAt,
      ),
    };
    await this.#repository.transaction(async ({ serviceAccounts, audit }) => {
      await serviceAccounts.insertToken(token);
      await audit.append({
        at: createdAt,
        actor: caller.subject,
        action: 'service-token.created',
        object: principalOf(name),
        new: {
          token: token.id,
          expiresAt: token.expiresAt,
          replaces: former?.id,
        },
      });
      if (former)
        await serviceAccounts.endToken(
          former.id,
          later(createdAt, request.replaces?.overlap ?? 0),
        );
    });
    return {
      ...presentToken(token),
      token: `${SERVICE_TOKEN_PREFIX}${token.id}_${secret}`,
    };
  }

  /** @throws NotFoundError when the account has no such token that is in force */
  async revokeToken(caller: Caller, name: string, id: string): Promise<void> {
    await this.#find(caller, name);
    await this.#inForce(name, id);
    const at = this.#now();
    await this.#repository.transaction(async ({ serviceAccounts, audit }) => {
      await serviceAccounts.revokeToken(id, at, caller.subject);
      await audit.append({
        at,
        actor: caller.subject,
        action: 'service-token.revoked',
        object: principalOf(name),
        old: { token: id },
      });
    });
  }

  /**
   * Exchanges a token for a short-lived one that the portal accepts.
   *
   * @throws AuthenticationError for whatever is no token in force: never which
   */
  async exchange(text: string): Promise<AccessTokenAnswer> {
    const [, id, secret] = TOKEN.exec(text.trim()) ?? [];
    if (id === undefined) throw refused();
    const token = await this.#repository.serviceAccounts.findToken(id);
    const isRight =
      token !== undefined &&
      timingSafeEqual(
        Buffer.from(token.secretHash, 'hex'),
        Buffer.from(hashOf(secret), 'hex'),
      );
    if (!isRight) throw refused();
    return this.issue(token, now =>
      this.#repository.serviceAccounts.noteUse(id, now),
    );
  }

  /**
   * A short-lived token for who has shown one of an account's credentials.
   *
   * @param noteUse - writes down that it was used, once in a while
   * @throws AuthenticationError when the account or the credential is not in force
   */
  async issue(
    credential: { id: string; account: string; lastUsedAt?: string },
    noteUse: (now: string) => Promise<void>,
  ): Promise<AccessTokenAnswer> {
    const { id, account, lastUsedAt } = credential;
    if (!(await this.accountOf(account, id))) throw refused();
    const now = this.#now();
    if (
      lastUsedAt === undefined ||
      Date.parse(now) - Date.parse(lastUsedAt) > NOTED_EVERY_MS
    )
      await noteUse(now);
    const issued = await this.#issuer.issue(`${account}/${id}`);
    return {
      access_token: issued.token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: issued.expiresIn,
    };
  }

  /**
   * The account that a credential is of, as long as both are in force.
   *
   * @param credentialId - of a token, or of a federation
   */
  async accountOf(
    name: string,
    credentialId: string,
  ): Promise<ServiceAccountRecord | undefined> {
    const account = await this.#repository.serviceAccounts.find(name);
    if (!account || account.disabledAt !== undefined) return undefined;
    const token = await this.#repository.serviceAccounts.findToken(
      credentialId,
    );
    const isInForce = token
      ? token.account === name &&
        token.revokedAt === undefined &&
        token.expiresAt > this.#now()
      : (await this.#repository.federations.find(credentialId))?.account ===
        name;
    return isInForce ? account : undefined;
  }

  /** @throws NotFoundError when the account has no such token that is in force */
  async #inForce(name: string, id: string): Promise<ServiceTokenRecord> {
    const token = await this.#repository.serviceAccounts.findToken(id);
    if (
      token?.account !== name ||
      token.revokedAt !== undefined ||
      token.expiresAt <= this.#now()
    )
      throw new NotFoundError(`${name} has no token ${id} in force`);
    return token;
  }

  async #find(caller: Caller, name: string): Promise<ServiceAccountRecord> {
    const account = await this.#repository.serviceAccounts.find(name);
    if (!account || !(caller.administrator || owns(caller, account)))
      throw new NotFoundError(
        `there is no service account ${name} that you look after`,
      );
    return account;
  }
}

function refused(): AuthenticationError {
  return new AuthenticationError('the token is unknown, revoked, or has ended');
}

function readEnd(text: string | undefined, now: string): string {
  const began = Date.parse(now);
  const end = text === undefined ? began + PRESET_MS : Date.parse(text);
  if (Number.isNaN(end))
    throw new FieldError('expiresAt', 'it has to be a time, in ISO 8601');
  if (end <= began)
    throw new FieldError('expiresAt', `${text} is over already`);
  if (end > began + LONGEST_MS)
    throw new FieldError('expiresAt', 'a token lives a year at most');
  return new Date(end).toISOString();
}

/** When a token ends that lives as long as another one was made for. */
function endLike(former: ServiceTokenRecord, createdAt: string): string {
  const life = Date.parse(former.expiresAt) - Date.parse(former.createdAt);
  return new Date(Date.parse(createdAt) + life).toISOString();
}

function later(time: string, seconds: number): string {
  return new Date(Date.parse(time) + seconds * 1000).toISOString();
}

function present(account: ServiceAccountRecord): ServiceAccount {
  return { ...account, principal: principalOf(account.name) };
}

function presentToken({
  account: _account,
  secretHash: _hash,
  ...token
}: ServiceTokenRecord): ServiceToken {
  return token;
}
