import type { AccessRequest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { day, formatEntity, formatTable, printable } from '../lib/format';

function readDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(/^(\d{1,3})d?$/.exec(text)?.[1]);
  if (!(days >= 1))
    throw new UsageError(`--for has to be like 30d, not '${text}'`);
  return days;
}

const FOR_OPTION = {
  type: 'string',
  value: 'DAYS',
  description: 'how long, like 30d',
} as const;

function rowOf(request: AccessRequest, who: string): string[] {
  return [
    request.id,
    who,
    request.role,
    `${request.days}d`,
    day(request.createdAt),
    request.state,
    printable(request.answer ?? request.reason),
  ];
}

export const accessRequest: Command = {
  name: 'access request',
  group: 'govern',
  summary: 'ask for access to an asset',
  details: [
    'Those who may give access to it see the request. The answer is the same whether there is\nsuch an asset or not. After 30 days a request ends by itself.',
  ],
  args: [{ name: 'NAME', description: 'an asset', completes: 'name' }],
  options: {
    role: {
      type: 'string',
      value: 'ROLE',
      description: 'reader (when left out) or contributor',
      choices: ['reader', 'contributor'],
    },
    for: FOR_OPTION,
    reason: { type: 'string', value: 'TEXT', description: 'why; needed' },
  },
  examples: [
    {
      line: 'asset access request secret/plans --reason "I review them" --for 7d',
      does: 'to read them for a week',
    },
  ],
  async run(context, { args, options }) {
    const { namespace, name } = await readReference(args[0]);
    const reason = options.text('reason');
    if (!reason)
      throw new UsageError('--reason is missing', [
        'whoever decides wants to know why',
      ]);
    const client = await context.client();
    const request = await client.access.createRequest(
      {
        namespace,
        name,
        reason,
        role: options.text('role') as 'reader' | 'contributor' | undefined,
        days: readDays(options.text('for')),
      },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(request);
      return;
    }
    context.print(`Asked for ${request.role} at ${args[0]}`);
    context.note('  to see what became of it: asset access requests');
  },
};

export const accessRequests: Command = {
  name: 'access requests',
  group: 'govern',
  summary: 'list your requests, or the open ones for an asset',
  args: [
    {
      name: 'NAME',
      description: 'an asset that you may give access to',
      optional: true,
      completes: 'name',
    },
  ],
  options: {},
  examples: [
    { line: 'asset access requests', does: 'yours' },
    {
      line: 'asset access requests secret/plans',
      does: 'what others ask for there',
    },
  ],
  async run(context, { args }) {
    const { formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const client = await context.client();
    const { signal } = context;
    const items =
      args[0] === undefined
        ? await client.access.listRequests({ signal })
        : await client.access.listRequestsOfAsset(
            await readReference(args[0]),
            { signal },
          );
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('There are none.');
      return;
    }
    const what = (each: AccessRequest) =>
      args[0] === undefined
        ? formatReference({ namespace: each.namespace, name: each.name })
        : formatEntity(each.requester);
    context.print(
      formatTable([
        [
          'ID',
          args[0] === undefined ? 'ASSET' : 'WHO',
          'ROLE',
          'FOR',
          'ASKED',
          'STATE',
          'REASON OR ANSWER',
        ],
        ...items.map(each => rowOf(each, what(each))),
      ]),
    );
  },
};

export const accessWithdraw: Command = {
  name: 'access withdraw',
  group: 'govern',
  summary: 'withdraw a request of yours',
  args: [{ name: 'ID', description: 'as asset access requests shows it' }],
  options: {},
  examples: [
    {
      line: 'asset access withdraw 01jdq3xk6m0v8y2tgn5b7c9wze',
      does: 'nobody sees it any more',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    await client.access.withdrawRequest(args[0], { signal: context.signal });
    if (context.json) context.printJson({ id: args[0] });
    else context.print(`Withdrew ${args[0]}`);
  },
};

export const accessDecide: Command = {
  name: 'access decide',
  group: 'govern',
  summary: 'grant or decline a request',
  args: [{ name: 'ID', description: 'as asset access requests NAME shows it' }],
  options: {
    grant: { type: 'boolean', description: 'give what was asked for' },
    decline: { type: 'boolean', description: 'do not' },
    for: FOR_OPTION,
    answer: {
      type: 'string',
      value: 'TEXT',
      description: 'what whoever asked reads',
    },
  },
  examples: [
    {
      line: 'asset access decide 01jdq3xk6m0v8y2tgn5b7c9wze --grant --for 7d',
      does: 'for a week, whatever was asked',
    },
    {
      line: 'asset access decide 01jdq3xk6m0v8y2tgn5b7c9wze --decline --answer "ask in March"',
      does: 'with a reason',
    },
  ],
  async run(context, { args, options }) {
    const granted = options.flag('grant');
    if (granted === options.flag('decline'))
      throw new UsageError('say --grant or --decline');
    const client = await context.client();
    const request = await client.access.decideRequest(
      args[0],
      {
        granted,
        days: readDays(options.text('for')),
        answer: options.text('answer'),
      },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(request);
      return;
    }
    context.print(
      `${formatEntity(request.requester)} ${granted ? 'is' : 'is not'} a ${
        request.role
      } of ${request.namespace}/${request.name}`,
    );
  },
};
