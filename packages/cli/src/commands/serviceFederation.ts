import type { Command } from '../Command';
import { UsageError } from '../lib/exit';
import { day, formatTable, printable } from '../lib/format';
import { ACCOUNT } from './serviceAccount';

const formatClaims = (claims: Record<string, string>) =>
  Object.entries(claims)
    .map(([claim, pattern]) => `${claim}=${pattern}`)
    .join(' ');

export const serviceFederationList: Command = {
  name: 'service-federation list',
  group: 'govern',
  summary:
    'list whose tokens stand for an account, without a secret of its own',
  args: [ACCOUNT],
  options: {},
  examples: [
    { line: 'asset service-federation list nightly', does: 'newest first' },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.access.listFederations(args[0], {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note(`No tokens of another issuer stand for ${args[0]}.`);
      return;
    }
    context.print(
      formatTable([
        ['ID', 'ISSUER', 'CLAIMS', 'LAST USED', 'DESCRIPTION'],
        ...items.map(federation => [
          federation.id,
          federation.issuer,
          printable(formatClaims(federation.claims)),
          day(federation.lastUsedAt) || 'never',
          printable(federation.description ?? ''),
        ]),
      ]),
    );
  },
};

export const serviceFederationCreate: Command = {
  name: 'service-federation create',
  group: 'govern',
  summary: 'let the jobs of a CI system be an account, without a secret',
  details: [
    'A job shows the token that the CI system signs for it (OpenID Connect). It stands for the\naccount when each claim is what is said here; * stands for any text. Name what only your\njobs have: with a public CI system, everybody in the world can have a token of the issuer.',
    'Which issuers are trusted, and the audience that a token has to name, stands in the\nconfiguration of the portal; without --issuer it is the only one.',
  ],
  args: [ACCOUNT],
  options: {
    issuer: {
      type: 'string',
      value: 'URL',
      description:
        'whose tokens; the only one that the portal trusts when left out',
    },
    claim: {
      type: 'string',
      value: 'NAME=TEXT',
      multiple: true,
      description: 'what a claim has to be; may be given several times',
    },
    description: {
      type: 'string',
      value: 'TEXT',
      description: 'what it is for',
    },
  },
  examples: [
    {
      line: 'asset service-federation create nightly --claim repository=acme/models --claim ref=refs/heads/main',
      does: 'jobs of GitHub Actions, of one branch',
    },
    {
      line: "asset service-federation create nightly --issuer https://gitlab.com --claim 'sub=project_path:acme/*:ref_type:branch:ref:main'",
      does: 'jobs of GitLab, of all projects of a group',
    },
  ],
  async run(context, { args, options }) {
    const claims = readClaims(options.list('claim'));
    const client = await context.client();
    const settings = await client.access.getFederationSettings({
      signal: context.signal,
    });
    const issuer =
      options.text('issuer') ??
      (settings.issuers.length === 1 ? settings.issuers[0] : undefined);
    if (issuer === undefined) {
      throw new UsageError(
        settings.issuers.length === 0
          ? 'this portal trusts no issuer; an operator names them in its configuration'
          : `--issuer has to be one of ${settings.issuers.join(', ')}`,
      );
    }
    const federation = await client.access.createFederation(
      args[0],
      { issuer, claims, description: options.text('description') },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(federation);
      return;
    }
    context.print(
      `Tokens of ${issuer} with ${printable(formatClaims(claims))} stand for ${
        args[0]
      }`,
    );
    context.note(
      `  in the job: set ASSET_SERVER, and ASSET_SERVICE_ACCOUNT=${args[0]}`,
    );
    context.note(`  the audience of its token: ${settings.audience}`);
    context.note(
      `  to end it: asset service-federation revoke ${args[0]} ${federation.id}`,
    );
  },
};

export const serviceFederationRevoke: Command = {
  name: 'service-federation revoke',
  group: 'govern',
  summary: 'refuse the tokens of a federation from now on',
  args: [
    ACCOUNT,
    { name: 'ID', description: 'as asset service-federation list shows it' },
  ],
  options: {},
  examples: [
    {
      line: 'asset service-federation revoke nightly 01jdq3xk6m0v8y2tgn5b7c9wze',
      does: 'at once, with what they were exchanged for',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    await client.access.revokeFederation(args[0], args[1], {
      signal: context.signal,
    });
    if (context.json) context.printJson({ id: args[1] });
    else context.print(`Ended ${args[1]}`);
  },
};

function readClaims(pairs: readonly string[]): Record<string, string> {
  if (pairs.length === 0)
    throw new UsageError('--claim has to be given, like ref=refs/heads/main');
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf('=');
      if (at < 1)
        throw new UsageError(
          `--claim has to be like ref=refs/heads/main, not '${pair}'`,
        );
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
