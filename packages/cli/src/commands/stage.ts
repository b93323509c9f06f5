import type { StageMove } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { countOf, formatEntity, formatTable, printable } from '../lib/format';
import { formatGates, formatRequest } from '../lib/transitions';

export const promote: Command = {
  name: 'promote',
  group: 'govern',
  summary: 'move a version to another stage of its life',
  details: [
    'It moves at once, or waits for its gates: checks, approvals, time. Then it moves by itself.',
    'The type of the asset says which stages there are, what leads from one to another, who may\ntake each way, and where a reason has to be given: asset type show TYPE.',
  ],
  args: [
    {
      name: 'REF',
      description: 'the version, e.g. models/basecaller@4',
      completes: 'reference',
    },
  ],
  options: {
    to: { type: 'string', value: 'STAGE', description: 'where it goes' },
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    from: {
      type: 'string',
      value: 'STAGE',
      description: 'only when it stands there now',
    },
  },
  examples: [
    {
      line: 'asset promote models/basecaller@4 --to validation',
      does: 'the next step',
    },
    {
      line: 'asset promote models/basecaller@production --to withdrawn --reason "fails on R10.4"',
      does: 'what is in production now',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    const to = options.text('to');
    if (reference.selector === undefined)
      throw new UsageError(`${JSON.stringify(args[0])} names no version`, [
        `for the newest one: asset promote ${args[0]}@latest --to STAGE`,
      ]);
    const { signal } = context;
    const client = await context.client();
    if (to === undefined) {
      const { stage, transitions } = await client.lifecycle.getStage(
        reference,
        { signal },
      );
      throw new UsageError(
        `--to has to say where it goes; it stands in ${stage ?? 'no stage'}`,
        transitions.map(
          each =>
            `it could go to ${each.to}, which takes the role ${each.role}`,
        ),
      );
    }
    const result = await client.lifecycle.move(
      reference,
      {
        to,
        reason: options.text('reason'),
        expected: options.text('from'),
      },
      { signal },
    );
    if (context.json) {
      context.printJson(result);
      return;
    }
    if (result.state === 'open') {
      context.print(formatRequest(result.request));
      context.note('  it moves by itself when its gates are passed');
      return;
    }
    const { move } = result;
    const { formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    context.print(
      `${formatReference({
        ...reference,
        path: undefined,
        selector: move.label,
      })}  ${move.from} → ${move.to}`,
    );
    const gates = formatGates(move.gates ?? []);
    if (gates) context.print(gates);
  },
};

export const stageShow: Command = {
  name: 'stage show',
  group: 'look',
  summary:
    'say where a version stands in its life, where it could go, and what is in the way',
  args: [
    {
      name: 'REF',
      description: 'the version; the newest when none is named',
      completes: 'reference',
    },
  ],
  options: {},
  examples: [
    {
      line: 'asset stage show models/basecaller@4',
      does: 'with who may move it',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const stage = await client.lifecycle.getStage(
      await readReference(args[0]),
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(stage);
      return;
    }
    context.print(
      stage.stage === undefined
        ? 'in no stage: its type is not there any more'
        : `${stage.stage}${stage.since ? `, since ${stage.since}` : ''}`,
    );
    for (const each of stage.transitions) {
      context.print(
        [
          `  → ${each.to}  ${each.role}`,
          each.reason === 'required' ? 'with a reason' : '',
          each.allowed ? 'you may' : '',
        ]
          .filter(Boolean)
          .join(', '),
      );
      // Those of the open request stand with it.
      if (stage.request?.to === each.to) continue;
      const gates = formatGates(each.gates, '      ');
      if (gates) context.print(gates);
    }
    if (stage.drift.length > 0) {
      context.print('by the rules of now it would not be here:');
      context.print(formatGates(stage.drift)!);
    }
    if (stage.request) {
      context.print('asked for:');
      context.print(formatRequest(stage.request));
    }
  },
};

/** Who approved and waived, and how many gates there were. */
function passedBy({ gates = [], decisions = [] }: StageMove): string {
  const parts = decisions
    .filter(each => each.void === undefined)
    .map(({ decision, by, gate }) =>
      decision === 'waive'
        ? `${formatEntity(by)} waived ${gate}`
        : formatEntity(by),
    );
  if (parts.length > 0) return parts.join(', ');
  return gates.length > 0 ? countOf(gates.length, 'gate') : '';
}

export const stageHistory: Command = {
  name: 'stage history',
  group: 'look',
  summary: 'say how versions have moved from stage to stage, by whom and why',
  args: [
    {
      name: 'REF',
      description: 'an asset, or one of its versions',
      completes: 'reference',
    },
  ],
  options: {},
  examples: [
    {
      line: 'asset stage history models/basecaller',
      does: 'of all versions, newest first',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.lifecycle.listMoves(
      await readReference(args[0]),
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('Nothing was moved yet.');
      return;
    }
    context.print(
      formatTable([
        ['VERSION', 'MOVED', 'AT', 'BY', 'RULES', 'REASON', 'PASSED BY'],
        ...items.map(move => [
          move.label,
          `${move.from} → ${move.to}`,
          move.at,
          formatEntity(move.by),
          `${move.type} ${move.typeRevision}`,
          printable(move.reason ?? ''),
          passedBy(move),
        ]),
      ]),
    );
  },
};
