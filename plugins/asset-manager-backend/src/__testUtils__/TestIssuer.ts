import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  GenerateKeyPairResult,
  JWK,
  JWTPayload,
  SignJWT,
} from 'jose';

/** An issuer of signed tokens, as a CI system is one for its jobs. */
export class TestIssuer {
  static async start(): Promise<TestIssuer> {
    const keys = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one' };
    const server = createServer();
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TestIssuer(server, keys, jwk);
  }

  readonly url: string;
  readonly requests: string[] = [];
  isDown = false;
  /** What it says that it is; the truth when left out. */
  named?: string;

  private constructor(
    private readonly server: Server,
    private readonly keys: GenerateKeyPairResult,
    jwk: JWK,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (req, res) => {
      this.requests.push(req.url!);
      const answers: Record<string, object> = {
        '/.well-known/openid-configuration': {
          issuer: this.named ?? this.url,
          jwks_uri: `${this.url}/keys`,
        },
        '/keys': { keys: [jwk] },
      };
      const answer = this.isDown ? undefined : answers[req.url!];
      res.statusCode = answer ? 200 : 503;
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify(answer ?? {}));
    });
  }

  /** A token of a job; `undefined` takes a claim away. */
  sign(
    claims: JWTPayload & Record<string, unknown>,
    key: Parameters<SignJWT['sign']>[0] = this.keys.privateKey,
    alg = 'RS256',
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all: JWTPayload = {
      iss: this.url,
      aud: 'https://portal.example.org',
      sub: 'repo:acme/models:ref:refs/heads/main',
      iat: now,
      exp: now + 300,
      ...claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(all)))
      .setProtectedHeader({ alg, kid: 'one' })
      .sign(key);
  }

  async stop(): Promise<void> {
    await new Promise(resolve => {
      this.server.close(resolve);
    });
  }
}
