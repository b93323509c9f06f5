import type { Command } from '../Command';
import { Context, readName } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { cardOptions, cardOf } from './cardOptions';

/** The types of the portal, or those that every portal ships when it can't be asked. */
async function knownTypes(context: Context): Promise<string> {
  const { SHIPPED_ASSET_TYPES } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const types = await context
    .client()
    .then(client => client.types.list({ signal: context.signal }))
    .then(items => items.map(({ name }) => name))
    .catch(() => SHIPPED_ASSET_TYPES);
  return `the types: ${types.join(', ')}`;
}

export const create: Command = {
  name: 'create',
  group: 'publish',
  summary: 'create an asset without a version',
  details: [
    'A push creates what is missing as well; create is for saying more about it first. With',
    '--catalog-info it writes the declaration for a repository instead, and sends nothing.',
  ],
  args: [
    {
      name: 'NAME',
      description: 'the name, e.g. models/basecaller',
      completes: 'name',
    },
  ],
  options: {
    type: {
      type: 'string',
      short: 't',
      value: 'TYPE',
      description: 'the asset type, e.g. ml-model',
    },
    owner: {
      type: 'string',
      value: 'GROUP',
      description: 'who owns it; your only group when left out',
    },
    ...cardOptions,
    'catalog-info': {
      type: 'string',
      value: 'FILE',
      description: 'write the declaration into FILE (- for standard output)',
    },
  },
  examples: [
    {
      line: 'asset create models/basecaller --type ml-model --owner team-signal',
      does: 'create a model',
    },
    {
      line: 'asset create genomes/lambda -t reference-genome --owner team-genome --catalog-info catalog-info.yaml',
      does: 'declare it in a repository',
    },
  ],
  async run(context, { args, options }) {
    const name = await readName(args[0]);
    const type = options.text('type');
    if (!type)
      throw new UsageError('--type is missing', [await knownTypes(context)]);
    const card = cardOf(options);
    const file = options.text('catalog-info');
    if (file !== undefined) {
      const { writeDeclaration } = await import('../lib/declaration');
      const text = await writeDeclaration(file, {
        ...name,
        ...card,
        type,
        owner: options.text('owner'),
      });
      if (file === '-') context.stdout.write(text);
      else if (context.json) context.printJson({ file });
      else
        context.print(
          `Wrote ${file}; the asset is there when the catalog has read it`,
        );
      return;
    }
    const client = await context.client();
    const asset = await client.createAsset(
      { ...name, ...card, type, owner: options.text('owner') },
      { signal: context.signal },
    );
    if (context.json) context.printJson(asset);
    else {
      const { server } = await context.session();
      context.print(`Created ${args[0]}, owned by ${asset.owner}`);
      context.print(`${server}/assets/${asset.namespace}/${asset.name}`);
    }
  },
};
