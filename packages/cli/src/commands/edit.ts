import type { Command } from '../Command';
import { readName } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { cardOf, cardOptions } from './cardOptions';

export const edit: Command = {
  name: 'edit',
  group: 'publish',
  summary: 'change what stands on the card of an asset',
  details: [
    'An empty text takes a title, description or system away; --tag replaces all tags.',
  ],
  args: [{ name: 'NAME', description: 'the asset', completes: 'name' }],
  options: {
    type: {
      type: 'string',
      short: 't',
      value: 'TYPE',
      description: 'the asset type',
    },
    owner: {
      type: 'string',
      value: 'GROUP',
      description: 'who owns it from now on',
    },
    ...cardOptions,
    'no-tags': { type: 'boolean', description: 'take all tags away' },
  },
  examples: [
    {
      line: 'asset edit models/basecaller --visibility restricted',
      does: 'hide it from all but the owners',
    },
    {
      line: 'asset edit models/basecaller --title "" --tag rnn --tag nanopore',
      does: 'no title, two tags',
    },
  ],
  async run(context, { args, options }) {
    const name = await readName(args[0]);
    const card = cardOf(options);
    const cleared = (text: string | undefined) => (text === '' ? null : text);
    const request = {
      ...card,
      title: cleared(card.title),
      description: cleared(card.description),
      system: cleared(card.system),
      tags: options.flag('no-tags') ? [] : card.tags,
      type: options.text('type'),
      owner: options.text('owner'),
    };
    if (Object.values(request).every(value => value === undefined)) {
      throw new UsageError('nothing to change was given', [
        'to see what can be: asset edit --help',
      ]);
    }
    const client = await context.client();
    const asset = await client.updateAsset(name, request, {
      signal: context.signal,
    });
    if (context.json) context.printJson(asset);
    else context.print(`Changed ${args[0]}`);
  },
};
