import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { CommandError, EXIT } from './exit';
import type { Login } from './LoginStore';

/** What the portal's client document registers for command lines. */
const CALLBACK_PORT = 8055;
const WAIT_MS = 5 * 60_000;

interface TokenAnswer {
  access_token: string;
  expires_in: number;
  refresh_token?: string;
}

async function send<T>(
  url: string,
  init: RequestInit,
  refused: string,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, {
      ...init,
      signal: AbortSignal.timeout(30_000),
    });
  } catch {
    throw new CommandError(
      EXIT.unreachable,
      `${new URL(url).origin} can't be reached`,
      ['is the portal running, and is the address right?'],
    );
  }
  if (!response.ok) {
    const body = await response.json().catch(() => undefined);
    throw new CommandError(
      response.status >= 500 ? EXIT.failed : EXIT.signedOut,
      body?.error?.message ?? body?.error_description ?? refused,
    );
  }
  return response.json() as Promise<T>;
}

function post(body: object): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** What a Backstage token says of itself; the portal checks it, not we. */
function subjectOf(token: string): string | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
      .sub;
  } catch {
    return undefined;
  }
}

function fromAnswer(
  server: string,
  answer: TokenAnswer,
  refreshToken?: string,
): Login {
  const renewed = answer.refresh_token ?? refreshToken;
  return {
    server,
    subject: subjectOf(answer.access_token),
    accessToken: answer.access_token,
    expiresAt: Date.now() + answer.expires_in * 1000,
    renewal: renewed
      ? { kind: 'refresh-token', refreshToken: renewed }
      : { kind: 'none' },
  };
}

/**
 * Signs in as the portal's user in the browser: the authorization code flow
 * with PKCE (RFC 7636) at the portal's own OAuth server, answered on the
 * loopback interface (RFC 8252).
 *
 * @param show - shows the address to a person, and opens it where it can
 */
export async function signInWithBrowser(
  server: string,
  show: (url: string) => void,
): Promise<Login> {
  const auth = `${server}/api/auth`;
  const clientId = `${auth}/.well-known/oauth-client/cli.json`;
  await send(
    clientId,
    {},
    'the portal does not let command lines sign in',
  ).catch(error => {
    if (error instanceof CommandError && error.code === EXIT.unreachable)
      throw error;
    throw new CommandError(
      EXIT.failed,
      `${server} does not let command lines sign in`,
      ['an operator has to set auth.clientIdMetadataDocuments.enabled: true'],
    );
  });
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('hex');
  const callback = await listen(state);
  try {
    const url = new URL(`${auth}/v1/authorize`);
    for (const [key, value] of Object.entries({
      client_id: clientId,
      redirect_uri: callback.url,
      response_type: 'code',
      scope: 'openid offline_access',
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })) {
      url.searchParams.set(key, value);
    }
    show(url.href);
    const answer = await send<TokenAnswer>(
      `${auth}/v1/token`,
      post({
        grant_type: 'authorization_code',
        client_id: clientId,
        code: await callback.code,
        redirect_uri: callback.url,
        code_verifier: verifier,
      }),
      'the portal did not accept the sign-in',
    );
    return fromAnswer(server, answer);
  } finally {
    callback.close();
  }
}

/** Signs in as one of the demo's sample people, without a browser. */
export async function signInAsDemoPerson(
  server: string,
  person: string,
): Promise<Login> {
  const answer = await send<{
    backstageIdentity: {
      token: string;
      expiresInSeconds?: number;
      identity: { userEntityRef: string };
    };
  }>(
    `${server}/api/auth/demo/refresh`,
    {
      headers: {
        'x-demo-person': person,
        'x-requested-with': 'XMLHttpRequest',
      },
    },
    `${server} has no sample people; sign in without --as`,
  );
  const { token, expiresInSeconds = 3600, identity } = answer.backstageIdentity;
  return {
    server,
    subject: identity.userEntityRef,
    accessToken: token,
    expiresAt: Date.now() + expiresInSeconds * 1000,
    renewal: { kind: 'demo-person', person },
  };
}

/** A new access token for a login. @throws CommandError when the portal gives none */
export async function renew(login: Login): Promise<Login> {
  const { renewal, server } = login;
  if (renewal.kind === 'demo-person')
    return signInAsDemoPerson(server, renewal.person);
  if (renewal.kind === 'refresh-token') {
    const { refreshToken } = renewal;
    const answer = await send<TokenAnswer>(
      `${server}/api/auth/v1/token`,
      post({ grant_type: 'refresh_token', refresh_token: refreshToken }),
      'the login has ended',
    );
    return {
      ...fromAnswer(server, answer, refreshToken),
      subject: login.subject,
    };
  }
  throw new CommandError(EXIT.signedOut, `the login at ${server} has ended`, [
    'to sign in: asset login',
  ]);
}

async function listen(state: string) {
  const server = http.createServer();
  let give: (code: string) => void;
  let fail: (error: Error) => void;
  const code = new Promise<string>((resolve, reject) => {
    give = resolve;
    fail = reject;
  });
  code.catch(() => {});
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    if (
      url.pathname !== '/callback' ||
      url.searchParams.get('state') !== state
    ) {
      response.statusCode = 400;
      response.end('This is not the answer that was waited for.');
      return;
    }
    const given = url.searchParams.get('code');
    response.end(
      given
        ? 'You are signed in, and may close this window.'
        : 'You were not signed in.',
    );
    if (given) give(given);
    else
      fail(
        new CommandError(
          EXIT.signedOut,
          'the sign-in was refused in the browser',
        ),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(
        new CommandError(
          EXIT.failed,
          `port ${CALLBACK_PORT} is in use, and the browser has to answer there`,
        ),
      ),
    );
    server.listen(CALLBACK_PORT, '127.0.0.1', resolve);
  });
  const timer = setTimeout(
    () =>
      fail(
        new CommandError(EXIT.signedOut, 'nobody signed in for five minutes'),
      ),
    WAIT_MS,
  );
  return {
    url: `http://127.0.0.1:${CALLBACK_PORT}/callback`,
    code,
    close() {
      clearTimeout(timer);
      server.closeAllConnections();
      server.close();
    },
  };
}
