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
