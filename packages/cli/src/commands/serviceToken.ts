import type { Command, Invocation } from '../Command';
import type { Context } from '../lib/Context';
import { day, formatTable, printable } from '../lib/format';
import { END_OPTIONS, readEnd, readPeriod } from '../lib/readEnd';
import { ACCOUNT } from './serviceAccount';

const ID = {
  name: 'ID',
  description: 'as asset service-token list shows it',
};

const NEW_TOKEN_OPTIONS = {
  ...END_OPTIONS,
  description: {
    type: 'string',
    value: 'TEXT',
    description: 'where it is used',
  },
} as const;

export const serviceTokenList: Command = {
  name: 'service-token list',
  group: 'govern',
  summary: 'list the tokens of an account, with when each was used last',
  args: [ACCOUNT],
  options: {},
  examples: [
    { line: 'asset service-token list nightly', does: 'newest first' },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.access.listServiceTokens(args[0], {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note(`${args[0]} has no token.`);
      return;
    }
    const now = new Date().toISOString();
    const stateOf = (token: (typeof items)[number]) => {
      if (token.revokedAt) return 'revoked';
      return token.expiresAt <= now ? 'ended' : '';
    };
    context.print(
      formatTable([
        ['ID', 'CREATED', 'ENDS', 'LAST USED', 'STATE', 'DESCRIPTION'],
        ...items.map(token => [
          token.id,
          day(token.createdAt),
          day(token.expiresAt),
          day(token.lastUsedAt) || 'never',
          stateOf(token),
          printable(token.description ?? ''),
        ]),
      ]),
    );
  },
};

export const serviceTokenCreate: Command = {
  name: 'service-token create',
  group: 'govern',
  summary: 'make a token for an account, and print it once',
  details: [
    'The token goes to standard output alone, so that it can be piped into a secret store; it\ncan not be had again. It lives 90 days when nothing else is said, and a year at most.',
  ],
  args: [ACCOUNT],
  options: NEW_TOKEN_OPTIONS,
  examples: [
    {
      line: 'asset service-token create nightly --for 30d | gh secret set ASSET_TOKEN',
      does: 'never on a screen',
    },
  ],
  async run(context, { args, options }) {
    await makeToken(context, args[0], options);
  },
};

export const serviceTokenRotate: Command = {
  name: 'service-token rotate',
  group: 'govern',
  summary: 'make a token in the place of another, and print it once',
  details: [
    'The former ends when --overlap is over, at once when it is left out: so there is time to\nput the new one in place.',
  ],
  args: [ACCOUNT, ID],
  options: {
    ...NEW_TOKEN_OPTIONS,
    overlap: {
      type: 'string',
      value: 'TIME',
      description:
        'how long the former is still good, a week at most, like 12h',
    },
  },
  examples: [
    {
      line: 'asset service-token rotate nightly 01jdq3xk6m0v8y2tgn5b7c9wze --overlap 12h | gh secret set ASSET_TOKEN',
      does: 'no job fails in between',
    },
  ],
  async run(context, { args, options }) {
    const overlap = options.text('overlap');
    await makeToken(context, args[0], options, {
      id: args[1],
      overlap:
        overlap === undefined
          ? undefined
          : readPeriod('overlap', overlap) / 1000,
    });
  },
};

async function makeToken(
  context: Context,
  account: string,
  options: Invocation['options'],
  replaces?: { id: string; overlap?: number },
): Promise<void> {
  const client = await context.client();
  const token = await client.access.createServiceToken(
    account,
    {
      expiresAt: readEnd(options),
      description: options.text('description'),
      replaces,
    },
    { signal: context.signal },
  );
  if (context.json) {
    context.printJson(token);
    return;
  }
  context.print(token.token);
  context.note(`  this is shown once; it ends on ${day(token.expiresAt)}`);
  if (replaces)
    context.note(
      replaces.overlap
        ? `  ${replaces.id} is good until ${new Date(
            Date.now() + replaces.overlap * 1000,
          ).toISOString()} at most`
        : `  ${replaces.id} has ended`,
    );
  context.note('  to use it: set ASSET_SERVER and ASSET_TOKEN');
  context.note(
    `  to revoke it: asset service-token revoke ${account} ${token.id}`,
  );
}

export const serviceTokenRevoke: Command = {
  name: 'service-token revoke',
  group: 'govern',
  summary: 'refuse a token from now on',
  args: [ACCOUNT, ID],
  options: {},
  examples: [
    {
      line: 'asset service-token revoke nightly 01jdq3xk6m0v8y2tgn5b7c9wze',
      does: 'at once',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    await client.access.revokeServiceToken(args[0], args[1], {
      signal: context.signal,
    });
    if (context.json) context.printJson({ id: args[1] });
    else context.print(`Revoked ${args[1]}`);
  },
};
