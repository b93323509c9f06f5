import { isError } from '@backstage/errors';
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import type { Claims } from '../model/claimRules';

/** With a shared secret, whoever can check a token could make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
const TIMEOUT_MS = 5_000;
/** Clocks of others may be wrong by so much. Seconds. */
const TOLERANCE_S = 30;
/** Tokens of jobs live for minutes; what lives longer is kept somewhere. Seconds. */
const LONGEST_S = 24 * 60 * 60;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Why a token is none; for the log, never for the one who shows it. */
export class IdTokenRefusal extends Error {
  override readonly name = 'IdTokenRefusal';
}

/**
 * Verifies tokens of issuers that the configuration trusts, by the keys that each
 * publishes (OpenID Connect Discovery 1.0). Nothing is fetched from any other.
 */
export class IdTokenVerifier {
  readonly issuers: readonly string[];
  readonly audience: string;
  readonly #keySets = new Map<string, Promise<KeySet>>();

  constructor(options: {
    /** Their addresses, as tokens name them in `iss`. */
    issuers: readonly string[];
    /** What tokens have to name in `aud`. */
    audience: string;
  }) {
    this.issuers = options.issuers;
    this.audience = options.audience;
  }

  /**
   * What a token says.
   *
   * @throws IdTokenRefusal when it is not of a trusted issuer, or not in force
   */
  async verify(token: string): Promise<{ issuer: string; claims: Claims }> {
    let issuer: string | undefined;
    try {
      issuer = decodeJwt(token).iss;
    } catch {
      throw new IdTokenRefusal('it is no signed token');
    }
    if (issuer === undefined || !this.issuers.includes(issuer))
      throw new IdTokenRefusal('its issuer is not one that is trusted here');
    const keys = await this.#keysOf(issuer);
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: this.audience,
        algorithms: ALGORITHMS,
        clockTolerance: TOLERANCE_S,
        requiredClaims: ['exp', 'iat', 'sub'],
        maxTokenAge: LONGEST_S,
      });
      if (payload.exp! - payload.iat! > LONGEST_S)
        throw new IdTokenRefusal('it lives longer than a day');
      return { issuer, claims: payload };
    } catch (error) {
      if (error instanceof IdTokenRefusal) throw error;
      throw new IdTokenRefusal(
        error instanceof errors.JOSEError
          ? `${error.code}: ${error.message}`
          : `the keys of ${issuer} could not be had`,
      );
    }
  }

  #keysOf(issuer: string): Promise<KeySet> {
    const known = this.#keySets.get(issuer);
    if (known) return known;
    const keys = discover(issuer);
    this.#keySets.set(issuer, keys);
    keys.catch(() => this.#keySets.delete(issuer));
    return keys;
  }
}

async function discover(issuer: string): Promise<KeySet> {
  const address = `${issuer.replace(
    /\/$/,
    '',
  )}/.well-known/openid-configuration`;
  try {
    const response = await fetch(address, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const { issuer: named, jwks_uri: keys } = await response.json();
    if (named !== issuer) throw new Error('it names another issuer');
    const url = new URL(keys);
    if (url.protocol !== 'https:' && !isLoopback(url))
      throw new Error('its keys are not behind HTTPS');
    return createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS });
  } catch (error) {
    throw new IdTokenRefusal(
      `${address} could not be read: ${isError(error) ? error.message : ''}`,
    );
  }
}

/** Whether an address is on this machine, where nobody listens in. */
export function isLoopback(url: URL): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}
