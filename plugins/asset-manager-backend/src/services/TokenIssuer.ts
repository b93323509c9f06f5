import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, importJWK, JWK, SignJWT } from 'jose';
import type { SigningKeyStore } from './accessPorts';
import type { Clock } from './ports';

export const TOKEN_AUDIENCE = 'asset-manager';
export const TOKEN_ALGORITHM = 'ES256';
/** Seconds that an access token is good for. */
const LIFETIME_S = 600;
const DAY_MS = 24 * 60 * 60 * 1000;
/** A key signs for this long, and is known a day longer. */
const KEY_LIFETIME_MS = 30 * DAY_MS;

/** Issues short-lived tokens that Backstage's external access accepts. */
export class TokenIssuer {
  readonly #keys: SigningKeyStore;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #issuer: string;

  constructor(options: {
    keys: SigningKeyStore;
    now: Clock;
    createId: () => string;
    /** The address of this API. */
    issuer: string;
  }) {
    this.#keys = options.keys;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#issuer = options.issuer;
  }

  async issue(subject: string): Promise<{ token: string; expiresIn: number }> {
    const key = await this.#currentKey();
    const issuedAt = Math.floor(Date.parse(this.#now()) / 1000);
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: key.id })
      .setIssuer(this.#issuer)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_S)
      .sign(await importJWK(key.privateKey as JWK, TOKEN_ALGORITHM));
    return { token, expiresIn: LIFETIME_S };
  }

  /** The public keys, as a JSON Web Key Set (RFC 7517). */
  async keySet(): Promise<{ keys: object[] }> {
    const keys = await this.#keys.list(this.#before(KEY_LIFETIME_MS + DAY_MS));
    return {
      keys: keys.map(({ id, publicKey }) => ({
        ...publicKey,
        kid: id,
        alg: TOKEN_ALGORITHM,
        use: 'sig',
      })),
    };
  }

  async #currentKey() {
    const [current] = await this.#keys.list(this.#before(KEY_LIFETIME_MS));
    if (current) return current;
    const { publicKey, privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
    });
    const key = {
      id: this.#createId(),
      publicKey: await exportJWK(publicKey),
      privateKey: await exportJWK(privateKey),
      createdAt: this.#now(),
    };
    await this.#keys.insert(key);
    return key;
  }

  #before(ms: number): string {
    return new Date(Date.parse(this.#now()) - ms).toISOString();
  }
}
