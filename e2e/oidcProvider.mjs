/** A real OpenID provider: people sign in with it, and it signs the tokens of CI jobs. */
import http from 'node:http';
import Provider from 'oidc-provider';

const CI = { id: 'ci', secret: 'secret-of-the-ci-system' };
export const PORTAL = { id: 'portal', secret: 'secret-of-the-portal' };

/**
 * @param options.port - where it listens
 * @param options.portalUrl - who signs people in, and whom its tokens are for
 */
export async function openProvider({ port, portalUrl }) {
  const url = `http://127.0.0.1:${port}`;
  let jobClaims = {};
  const provider = new Provider(url, {
    clients: [
      {
        client_id: PORTAL.id,
        client_secret: PORTAL.secret,
        redirect_uris: [`${portalUrl}/api/auth/oidc/handler/frame`],
        grant_types: ['authorization_code', 'refresh_token'],
      },
      {
        client_id: CI.id,
        client_secret: CI.secret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
    ],
    cookies: { keys: ['a key of this test'] },
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    ttl: {
      AccessToken: 300,
      ClientCredentials: 300,
      Grant: 300,
      IdToken: 300,
      RefreshToken: 300,
      Interaction: 300,
      Session: 300,
    },
    // Whoever says a name is that person.
    findAccount: async (_context, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        name: id,
        email: `${id}@example.org`,
        email_verified: true,
      }),
    }),
    // A page that is loaded again goes on with the session.
    issueRefreshToken: async (_context, client) =>
      client.grantTypeAllowed('refresh_token'),
    pkce: { required: () => false },
    conformIdTokenClaims: false,
    extraTokenClaims: async () => jobClaims,
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_context, resource) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  const server = http.createServer(provider.callback());
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  return {
    url,
    /** The token that the CI system gives a job. */
    async tokenOfJob(claims, audience = portalUrl) {
      jobClaims = claims;
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${Buffer.from(`${CI.id}:${CI.secret}`).toString(
            'base64',
          )}`,
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: audience,
        }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(JSON.stringify(answer));
      return answer.access_token;
    },
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}
