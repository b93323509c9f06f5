import type {
  DecideRequest,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command, OptionSpec } from '../Command';
import { confirm, isInteractive } from '../lib/confirm';
import { Context, readName, readReference } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { formatRequest, formatWay } from '../lib/transitions';

const VERSION = {
  name: 'REF',
  description:
    'the version that was asked to be moved, e.g. models/basecaller@4',
  completes: 'reference' as const,
};
const COMMENT: OptionSpec = {
  type: 'string',
  value: 'TEXT',
  description: 'what there is to say about it',
};
const YES: OptionSpec = {
  type: 'boolean',
  short: 'y',
  description: 'I looked at it: do not ask',
};

/** The open request of a version. @throws CommandError when there is none */
async function openRequest(
  context: Context,
  text: string,
): Promise<TransitionRequest> {
  const reference = await readReference(text);
  if (reference.selector === undefined)
    throw new UsageError(`${JSON.stringify(text)} names no version`, [
      'what waits for you: asset approvals',
    ]);
  const client = await context.client();
  const { request } = await client.lifecycle.getStage(reference, {
    signal: context.signal,
  });
  if (!request)
    throw new CommandError(EXIT.notThere, `nobody has asked to move ${text}`, [
      `to ask for it: asset promote ${text} --to STAGE`,
    ]);
  return request;
}

/** Shows what is decided on, asks the person, and decides. */
async function decide(
  context: Context,
  options: {
    request: TransitionRequest;
    question: string;
    yes: boolean;
    decision: Omit<DecideRequest, 'payload'>;
  },
): Promise<void> {
  const { request, question, yes, decision } = options;
  if (!yes) {
    if (!isInteractive(context))
      throw new UsageError('a decision has to be confirmed by a person', [
        'to say that you looked at it: --yes',
      ]);
    context.note(formatRequest(request));
    if (!(await confirm(context, question))) {
      context.note('Nothing was decided.');
      return;
    }
  }
  const client = await context.client();
  const decided = await client.lifecycle.decide(
    request.id,
    { ...decision, payload: request.payload },
    { signal: context.signal },
  );
  if (context.json) context.printJson(decided);
  else context.print(formatRequest(decided));
}

export const approve: Command = {
  name: 'approve',
  group: 'govern',
  summary: 'approve that a version moves to another stage',
  details: [
    'An approval is for the version as it is, for where it goes, and for the rules as they are;\nwhen one of them changes, it is void. Whoever pushed the version or asked for it can’t\napprove it. The version moves by itself when its last gate is passed.',
  ],
  args: [VERSION],
  options: {
    gate: {
      type: 'string',
      value: 'NAME',
      description:
        'the gate that it is for; the first that you may approve when left out',
    },
    comment: COMMENT,
    yes: YES,
  },
  examples: [
    {
      line: 'asset approve models/basecaller@4 --comment "protocol 12, all criteria met"',
      does: 'shows what it is, and asks',
    },
  ],
  async run(context, { args, options }) {
    const request = await openRequest(context, args[0]);
    const name = options.text('gate');
    const gate = request.mine.approve.find(
      each => name === undefined || each.gate === name,
    );
    await decide(context, {
      request,
      question: `You say: ${
        gate?.meaning ?? 'I approve this transition'
      }. Is that so?`,
      yes: options.flag('yes'),
      decision: {
        decision: 'approve',
        gate: gate?.gate ?? name,
        meaning: gate?.meaning,
        comment: options.text('comment'),
      },
    });
  },
};

export const reject: Command = {
  name: 'reject',
  group: 'govern',
  summary: 'reject that a version moves to another stage',
  args: [VERSION],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    yes: YES,
  },
  examples: [
    {
      line: 'asset reject models/basecaller@4 --reason "the holdout set is too small"',
      does: 'ends the request',
    },
  ],
  async run(context, { args, options }) {
    const reason = options.text('reason');
    if (reason === undefined)
      throw new UsageError('--reason has to say why it is rejected');
    const request = await openRequest(context, args[0]);
    await decide(context, {
      request,
      question: 'Reject it?',
      yes: options.flag('yes'),
      decision: { decision: 'reject', comment: reason },
    });
  },
};

export const waive: Command = {
  name: 'waive',
  group: 'govern',
  summary:
    'let a version move without a gate, for a reason that stays on record',
  args: [VERSION],
  options: {
    gate: { type: 'string', value: 'NAME', description: 'the gate' },
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    yes: YES,
  },
  examples: [
    {
      line: 'asset waive models/basecaller@4 --gate smoke --reason "no device in the lab until May"',
      does: 'for this request alone',
    },
  ],
  async run(context, { args, options }) {
    const [gate, reason] = [options.text('gate'), options.text('reason')];
    if (gate === undefined || reason === undefined)
      throw new UsageError('--gate and --reason have to say what, and why');
    const request = await openRequest(context, args[0]);
    await decide(context, {
      request,
      question: `Let it pass without '${gate}'?`,
      yes: options.flag('yes'),
      decision: { decision: 'waive', gate, comment: reason },
    });
  },
};

export const withdraw: Command = {
  name: 'withdraw',
  group: 'govern',
  summary: 'take back what was asked for a version',
  args: [VERSION],
  options: {},
  examples: [
    { line: 'asset withdraw models/basecaller@4', does: 'ends the request' },
  ],
  async run(context, { args }) {
    const { id } = await openRequest(context, args[0]);
    const client = await context.client();
    const withdrawn = await client.lifecycle.withdraw(id, {
      signal: context.signal,
    });
    if (context.json) context.printJson(withdrawn);
    else context.print(`${formatWay(withdrawn)}  withdrawn`);
  },
};

/** Everything that was asked for of an asset, newest first. */
async function listOf(context: Context, text: string): Promise<void> {
  const client = await context.client();
  const items = await client.lifecycle.listRequests(await readName(text), {
    signal: context.signal,
  });
  if (context.json) context.printJson({ items });
  else if (items.length === 0) context.note('Nothing was asked for yet.');
  else items.forEach(request => context.print(formatRequest(request)));
}

export const approvals: Command = {
  name: 'approvals',
  group: 'govern',
  summary: 'list what waits for your approval, and what you asked for',
  details: [
    'Of an asset it lists everything that was asked for, with what ended already.',
  ],
  args: [
    {
      name: 'NAME',
      description: 'an asset; what concerns you when left out',
      optional: true,
      completes: 'name',
    },
  ],
  options: {},
  examples: [
    { line: 'asset approvals', does: 'with the state of each gate' },
    {
      line: 'asset approvals models/basecaller',
      does: 'who was asked what, and said what',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    if (args[0] !== undefined) {
      await listOf(context, args[0]);
      return;
    }
    const { toDecide, asked } = await client.lifecycle.listMine({
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ toDecide, asked });
      return;
    }
    if (toDecide.length === 0) context.note('Nothing waits for you.');
    for (const request of toDecide) {
      context.print(formatRequest(request));
      context.note(
        `  to approve it: asset approve ${request.namespace}/${request.name}@${request.label}`,
      );
    }
    if (asked.length > 0) {
      context.note('You asked for:');
      asked.forEach(request => context.print(formatRequest(request)));
    }
  },
};
