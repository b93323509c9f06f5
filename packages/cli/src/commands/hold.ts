import type { Command } from '../Command';
import { readName, readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { day, formatEntity, formatTable, printable } from '../lib/format';

const REASON = {
  type: 'string',
  value: 'TEXT',
  description: 'why',
} as const;

export const hold: Command = {
  name: 'hold',
  group: 'govern',
  summary:
    'keep a version, or all of an asset, from being deleted and archived',
  details: [
    'As long as there is a hold nothing of it is deleted, collected, or moved to a final\nstage, whoever asks.',
  ],
  args: [
    {
      name: 'REF',
      description: 'a version, or an asset',
      completes: 'reference',
    },
  ],
  options: { reason: REASON },
  examples: [
    {
      line: 'asset hold models/basecaller@4 --reason "complaint 2026-17"',
      does: 'one version',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    const reason = options.text('reason');
    if (reason === undefined)
      throw new UsageError('--reason has to say why it is kept');
    const client = await context.client();
    const placed = await client.lifecycle.placeHold(reference, reason, {
      signal: context.signal,
    });
    if (context.json) context.printJson(placed);
    else {
      context.print(placed.id);
      context.note(
        `  to end it: asset unhold ${reference.namespace}/${reference.name} ${placed.id} --reason TEXT`,
      );
    }
  },
};

export const unhold: Command = {
  name: 'unhold',
  group: 'govern',
  summary: 'end a hold',
  args: [
    { name: 'NAME', description: 'the asset', completes: 'name' },
    { name: 'ID', description: 'the hold; asset holds lists them' },
  ],
  options: { reason: REASON },
  examples: [
    {
      line: 'asset unhold models/basecaller 01k… --reason "settled"',
      does: 'it can be deleted again',
    },
  ],
  async run(context, { args: [text, id], options }) {
    const name = await readName(text);
    const reason = options.text('reason');
    if (reason === undefined)
      throw new UsageError('--reason has to say why it need not be kept');
    const client = await context.client();
    await client.lifecycle.endHold(name, id, reason, {
      signal: context.signal,
    });
    if (context.json) context.printJson({ id });
    else context.print(`Ended ${id}`);
  },
};

export const holds: Command = {
  name: 'holds',
  group: 'look',
  summary: 'list what keeps an asset and its versions from being deleted',
  args: [{ name: 'NAME', description: 'the asset', completes: 'name' }],
  options: {},
  examples: [
    { line: 'asset holds models/basecaller', does: 'with the reasons' },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.lifecycle.listHolds(await readName(args[0]), {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('Nothing is on hold.');
      return;
    }
    context.print(
      formatTable([
        ['ID', 'VERSION', 'SINCE', 'BY', 'REASON'],
        ...items.map(each => [
          each.id,
          each.label ?? 'all',
          day(each.placedAt),
          formatEntity(each.placedBy),
          printable(each.reason),
        ]),
      ]),
    );
  },
};
