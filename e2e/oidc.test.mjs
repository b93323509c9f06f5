/** A real OpenID provider: people sign in to the portal with it, and CI jobs show its tokens. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../scripts/lib/postgres.mjs';
import { openProvider, PORTAL } from './oidcProvider.mjs';
import {
  folderOf,
  openBrowser,
  openPortal,
  personAt,
  picture,
} from './support.mjs';

const { browser, missing } = await openBrowser();
if (missing) console.error(`SKIPPED: what happens in a browser: ${missing}`);
const inBrowser = (name, work) => it(name, { skip: missing }, work);

const JOB = { repository: 'acme/models', ref: 'refs/heads/main' };

describe('an OpenID provider', () => {
  let provider;
  let portal;
  let maya;
  let lin;

  before(async () => {
    const [port, providerPort] = [await freePort(), await freePort()];
    provider = await openProvider({
      port: providerPort,
      portalUrl: `http://localhost:${port}`,
    });
    portal = await openPortal({
      port,
      configuration: {
        app: { signIn: { oidc: { title: 'Acme' } } },
        assetManager: { federation: { issuers: [provider.url] } },
        auth: {
          environment: 'production',
          session: { secret: 'a session secret of this test' },
          providers: {
            oidc: {
              production: {
                metadataUrl: `${provider.url}/.well-known/openid-configuration`,
                clientId: PORTAL.id,
                clientSecret: PORTAL.secret,
                prompt: 'auto',
                signIn: {
                  resolvers: [
                    { resolver: 'emailLocalPartMatchingUserEntityName' },
                  ],
                },
              },
            },
          },
        },
      },
    });
    maya = personAt(portal, 'maya');
    lin = personAt(portal, 'lin');
    await maya.signIn();
    await lin.signIn();
  });

  after(async () => {
    await browser?.close();
    await portal?.close();
    await provider?.close();
  });

  /** Signs in as a person at the provider's own page. */
  async function signIn(page, name) {
    const opened = page.waitForEvent('popup');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const popup = await opened;
    await popup.getByPlaceholder('Enter any login').fill(name);
    await popup.getByPlaceholder('and password').fill('x');
    await popup.getByRole('button', { name: 'Sign-in' }).click();
    const closed = popup.waitForEvent('close');
    await popup.getByRole('button', { name: 'Continue' }).click();
    await closed;
  }

  inBrowser('signs people in to the portal', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${portal.url}/assets`);
    await signIn(page, 'maya');
    await page.getByRole('heading', { name: 'Assets' }).waitFor();
    const token = page.waitForRequest(request =>
      request.url().includes('/api/asset-manager/'),
    );
    await page.reload();
    const { authorization } = (await token).headers();
    const response = await fetch(`${portal.url}/api/asset-manager/whoami`, {
      headers: { authorization },
    });
    assert.equal((await response.json()).subject, 'user:default/maya');
    await context.close();
  });

  it('lets a CI job push without a secret, as long as its claims are what was said', async () => {
    await maya.ok('service-account', 'create', 'nightly');
    await lin.ok(
      ...['access', 'grant', 'namespace:nightly', 'contributor'],
      'service:nightly',
    );
    const made = await maya.json(
      ...['service-federation', 'create', 'nightly'],
      ...['--claim', 'repository=acme/models', '--claim', 'ref=refs/heads/*'],
    );
    assert.equal(made.issuer, provider.url);
    const job = personAt(portal, 'job');
    job.env.ASSET_SERVICE_ACCOUNT = 'nightly';
    const without = await job.asset('whoami');
    assert.equal(without.code, 3);
    assert.match(without.stderr, /no token of this job/);

    job.env.ASSET_ID_TOKEN = await provider.tokenOfJob(JOB);
    const me = await job.json('whoami');
    assert.equal(me.subject, 'service:default/nightly');
    const files = folderOf({ 'model.bin': 'weights' });
    await job.ok('push', files, 'nightly/model', '--type', 'ml-model');
    const shown = await maya.json('show', 'nightly/model');
    assert.equal(shown.createdBy, 'service:default/nightly');
    assert.match(
      await maya.ok('service-federation', 'list', 'nightly'),
      /repository=acme\/models ref=refs\/heads\/\* +\d{4}-/,
    );

    const refused = async token => {
      job.env.ASSET_ID_TOKEN = token;
      const { code, stderr } = await job.asset('whoami');
      assert.equal(code, 3);
      assert.match(stderr, /does not stand for this account/);
      assert.ok(!portal.log().includes(token), 'a token is in the log');
    };
    await refused(await provider.tokenOfJob({ ...JOB, repository: 'evil/x' }));
    await refused(await provider.tokenOfJob(JOB, 'http://elsewhere.example'));
    // Who looks after the portal finds out why.
    assert.match(portal.log(), /does not meet .* by its repository/);

    const good = await provider.tokenOfJob(JOB);
    job.env.ASSET_ID_TOKEN = good;
    await job.ok('whoami');
    await maya.ok('service-federation', 'revoke', 'nightly', made.id);
    await refused(good);
    assert.match(
      (await maya.asset('service-federation', 'list', 'nightly')).stderr,
      /No tokens of another issuer/,
    );
  });

  inBrowser('is trusted in the portal, for some of its jobs', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${portal.url}/assets/service-accounts`);
    await signIn(page, 'maya');
    await page.getByRole('button', { name: 'Tokens of nightly' }).click();
    await page.getByText(`name the audience ${portal.url}`).waitFor();
    await page.getByLabel('Claim', { exact: true }).fill('repository');
    await page.getByLabel(/^Has to be/).fill('acme/models');
    await page.getByRole('button', { name: 'Trust these jobs' }).click();
    const table = page.getByRole('table', { name: 'CI jobs of nightly' });
    await table.getByText('repository = acme/models').waitFor();
    await picture(page, 'federation');
    const job = personAt(portal, 'job');
    job.env.ASSET_SERVICE_ACCOUNT = 'nightly';
    job.env.ASSET_ID_TOKEN = await provider.tokenOfJob(JOB);
    await job.ok('whoami');
    await table.getByRole('button', { name: /^End / }).click();
    await table.waitFor({ state: 'detached' });
    assert.equal((await job.asset('whoami')).code, 3);
    await context.close();
  });
});
