import type { Command } from '../Command';
import { day, formatEntity, formatTable, printable } from '../lib/format';

/** What commands about an account take first. */
export const ACCOUNT = { name: 'NAME', description: 'the account' };

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
