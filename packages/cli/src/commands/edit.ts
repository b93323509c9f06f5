import type { AssetReference } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command, Invocation } from '../Command';
import { Context, readName, readReference } from '../lib/Context';
import { readMetadata } from '../lib/readMetadata';
import { UsageError } from '../lib/exit';
import { cardOf, cardOptions } from './cardOptions';

export const edit: Command = {
  name: 'edit',
  group: 'publish',
  summary: 'change the card of an asset, or the metadata of a version',
  details: [
    'An empty text takes a title, description or system away; --tag replaces all tags.',
    'Of a version (REF with @) the metadata can be changed, unless its stage has it frozen;\n--meta k=null takes a field out. What was approved before is void by it.',
  ],
  args: [
    {
      name: 'REF',
      description: 'the asset, or one of its versions',
      completes: 'reference',
    },
  ],
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
    meta: {
      type: 'string',
      short: 'M',
      multiple: true,
      value: 'KEY=VALUE',
      description: 'metadata of the version',
    },
  },
  examples: [
    {
      line: 'asset edit models/basecaller --visibility restricted',
      does: 'hide it from all but the owners',
    },
    {
      line: 'asset edit models/basecaller@4 --meta riskClass=low',
      does: 'what a stage asks for',
    },
    {
      line: 'asset edit models/basecaller --title "" --tag rnn --tag nanopore',
      does: 'no title, two tags',
    },
  ],
  async run(context, { args, options }) {
    const { selector, ...reference } = await readReference(args[0]);
    const meta = options.list('meta');
    if (selector !== undefined) {
      await editVersion(context, { ...reference, selector }, options);
      return;
    }
    if (meta.length > 0)
      throw new UsageError('--meta is of a version, and none is named', [
        `of the newest one: asset edit ${args[0]}@latest --meta ${meta[0]}`,
      ]);
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

async function editVersion(
  context: Context,
  version: AssetReference,
  options: Invocation['options'],
): Promise<void> {
  const metadata = readMetadata(options.list('meta'));
  const card = Object.values(cardOf(options)).some(
    value => value !== undefined && !(Array.isArray(value) && !value.length),
  );
  if (card || Object.keys(metadata).length === 0)
    throw new UsageError('of a version --meta alone can be changed', [
      'to see what can be: asset edit --help',
    ]);
  const client = await context.client();
  const changed = await client.lifecycle.updateVersion(
    version,
    { metadata },
    { signal: context.signal },
  );
  if (context.json) context.printJson(changed);
  else
    context.print(
      `Changed ${version.namespace}/${version.name}@${changed.label}`,
    );
}
