/**
 * An account of a pipeline or CI job. It may do what grants give it, and nothing
 * else; it never approves.
 *
 * @public
 */
export interface ServiceAccount {
  /** In the grammar of a namespace. */
  name: string;
  /** As grants name it: `service:default/<name>`. */
  principal: string;
  /** Entity reference of the group that looks after it, and owns what it creates. */
  owner: string;
  description?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** Since when its tokens are refused. ISO 8601, UTC. */
  disabledAt?: string;
}

/** @public */
export interface CreateServiceAccountRequest {
  name: string;
  /** Left out: the caller's only group. */
  owner?: string;
  description?: string;
}

/**
 * What is known of a token; never the token itself.
 *
 * @public
 */
export interface ServiceToken {
  id: string;
  description?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
  /** ISO 8601, UTC, to the minute; absent when it was never used. */
  lastUsedAt?: string;
  /** ISO 8601, UTC. */
  revokedAt?: string;
}

/** @public */
export interface CreateServiceTokenRequest {
  /** ISO 8601; 90 days from now when left out, and a year at most. */
  expiresAt?: string;
  description?: string;
  /**
   * A token of the account that the new one takes the place of: it has its
   * description when none is given, and the former ends a while later.
   */
  replaces?: {
    id: string;
    /** How long the former is still good. Seconds; none when left out, a week at most. */
    overlap?: number;
  };
}

/**
 * A token that was made this moment, with the only copy of its text.
 *
 * @public
 */
export interface CreatedServiceToken extends ServiceToken {
  token: string;
}

/**
 * That tokens of another issuer, e.g. of a CI system's jobs, stand for a service
 * account, so that nobody keeps a secret (OpenID Connect, "workload identity
 * federation").
 *
 * @public
 */
export interface Federation {
  id: string;
  /** As the tokens name it in `iss`; one that the configuration trusts. */
  issuer: string;
  /** For each claim the text that it has to be; `*` stands for any part of it. */
  claims: Record<string, string>;
  description?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** ISO 8601, UTC, to the minute; absent when it was never used. */
  lastUsedAt?: string;
}

/** @public */
export interface CreateFederationRequest {
  issuer: string;
  claims: Record<string, string>;
  description?: string;
}

/**
 * What tokens of other issuers have to look like.
 *
 * @public
 */
export interface FederationSettings {
  /** Those that the configuration trusts; none when nothing is federated. */
  issuers: string[];
  /** What a token has to name in `aud`. */
  audience: string;
}

/**
 * What a token is exchanged for (RFC 8693).
 *
 * @public
 */
export interface AccessTokenAnswer {
  access_token: string;
  issued_token_type: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
}

/**
 * Tokens of service accounts begin so.
 *
 * @public
 */
export const SERVICE_TOKEN_PREFIX = 'bsa_';
