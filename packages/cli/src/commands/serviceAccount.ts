import type { Command } from '../Command';
import { formatEntity, formatTable, printable } from '../lib/format';
import { END_OPTIONS, readEnd } from '../lib/readEnd';

const ACCOUNT = { name: 'NAME', description: 'the account' };
const day = (time: string | undefined) => time?.slice(0, 10) ?? '';

export const serviceAccountList: Command = {
  name: 'service-account list',
  group: 'govern',
  summary: 'list the service accounts of your groups',
  args: [],
  options: {},
  examples: [
    { line: 'asset service-account list', does: 'with who looks after each' },
  ],
  async run(context) {
    const client = await context.client();
    const items = await client.access.listServiceAccounts({
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('There are none.');
      context.note('  to make one: asset service-account create NAME');
      return;
    }
    context.print(
      formatTable([
        ['NAME', 'OWNER', 'CREATED', 'STATE', 'DESCRIPTION'],
        ...items.map(account => [
          account.name,
          formatEntity(account.owner),
          day(account.createdAt),
          account.disabledAt === undefined ? '' : 'disabled',
          printable(account.description ?? ''),
        ]),
      ]),
    );
  },
};

export const serviceAccountCreate: Command = {
  name: 'service-account create',
  group: 'govern',
  summary: 'make an account for a pipeline or a CI job',
  details: [
    'It may do what grants give it, and nothing else; it never approves. What it creates\nbelongs to the group that looks after it.',
  ],
  args: [ACCOUNT],
  options: {
    owner: {
      type: 'string',
      value: 'GROUP',
      description: 'who looks after it; your only group when left out',
    },
    description: {
      type: 'string',
      value: 'TEXT',
      description: 'what it is for',
    },
  },
  examples: [
    {
      line: 'asset service-account create nightly --description "retrains every night"',
      does: 'looked after by your group',
    },
  ],
  async run(context, { args, options }) {
    const client = await context.client();
    const account = await client.access.createServiceAccount(
      {
        name: args[0],
        owner: options.text('owner'),
        description: options.text('description'),
      },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(account);
      return;
    }
    context.print(
      `${account.name}, looked after by ${formatEntity(account.owner)}`,
    );
    context.note(
      `  what it may do: asset access grant namespace:NAME contributor service:${account.name}`,
    );
    context.note(
      `  a token for it: asset service-token create ${account.name}`,
    );
  },
};

function switchCommand(disabled: boolean): Command {
  const verb = disabled ? 'disable' : 'enable';
  return {
    name: `service-account ${verb}`,
    group: 'govern',
    summary: disabled
      ? 'refuse all tokens of an account from now on'
      : 'accept the tokens of a disabled account again',
    args: [ACCOUNT],
    options: {},
    examples: [
      { line: `asset service-account ${verb} nightly`, does: 'at once' },
    ],
    async run(context, { args }) {
      const client = await context.client();
      const account = await client.access.setServiceAccountDisabled(
        args[0],
        disabled,
        { signal: context.signal },
      );
      if (context.json) context.printJson(account);
      else context.print(`${account.name} is ${verb}d`);
    },
  };
}

export const serviceAccountDisable = switchCommand(true);
export const serviceAccountEnable = switchCommand(false);

export const serviceAccountTokenList: Command = {
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

export const serviceAccountTokenCreate: Command = {
  name: 'service-token create',
  group: 'govern',
  summary: 'make a token for an account, and print it once',
  details: [
    'The token goes to standard output alone, so that it can be piped into a secret store; it\ncan not be had again. It lives 90 days when nothing else is said, and a year at most.',
    'To rotate: make a new one, put it in place, revoke the former.',
  ],
  args: [ACCOUNT],
  options: {
    ...END_OPTIONS,
    description: {
      type: 'string',
      value: 'TEXT',
      description: 'where it is used',
    },
  },
  examples: [
    {
      line: 'asset service-token create nightly --for 30d | gh secret set ASSET_TOKEN',
      does: 'never on a screen',
    },
  ],
  async run(context, { args, options }) {
    const client = await context.client();
    const token = await client.access.createServiceToken(
      args[0],
      {
        expiresAt: readEnd(options),
        description: options.text('description'),
      },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(token);
      return;
    }
    context.print(token.token);
    context.note(`  this is shown once; it ends on ${day(token.expiresAt)}`);
    context.note('  to use it: set ASSET_SERVER and ASSET_TOKEN');
    context.note(
      `  to revoke it: asset service-token revoke ${args[0]} ${token.id}`,
    );
  },
};

export const serviceAccountTokenRevoke: Command = {
  name: 'service-token revoke',
  group: 'govern',
  summary: 'refuse a token from now on',
  args: [
    ACCOUNT,
    { name: 'ID', description: 'as asset service-token list shows it' },
  ],
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
