import type { Command } from '../Command';
import { readName } from '../lib/Context';
import { CommandError, EXIT } from '../lib/exit';
import { formatTable } from '../lib/format';

export const declarationList: Command = {
  name: 'declaration list',
  group: 'look',
  summary: 'list the repositories that declare an asset',
  args: [{ name: 'NAME', description: 'the asset', completes: 'name' }],
  options: {},
  examples: [
    {
      line: 'asset declaration list genomes/lambda',
      does: 'who declares it, and who writes the card',
    },
  ],
  async run(context, { args }) {
    const items = await (
      await context.client()
    ).listDeclarations(await readName(args[0]), {
      signal: context.signal,
    });
    if (context.json) context.printJson({ items });
    else if (items.length === 0) context.note('No repository declares it.');
    else
      context.print(
        formatTable(
          items.map(each => [each.state, each.location, each.seenAt]),
        ),
      );
  },
};

export const declarationAccept: Command = {
  name: 'declaration accept',
  group: 'publish',
  summary: 'let a repository write the card of an asset',
  args: [
    { name: 'NAME', description: 'the asset', completes: 'name' },
    {
      name: 'LOCATION',
      description: 'the repository, when several declare it',
      optional: true,
    },
  ],
  options: {},
  examples: [
    {
      line: 'asset declaration accept genomes/lambda',
      does: 'accept the one that waits',
    },
  ],
  async run(context, { args }) {
    const name = await readName(args[0]);
    const client = await context.client();
    const waiting = (await client.listDeclarations(name)).filter(
      each => each.state === 'proposed',
    );
    const location =
      args[1] ?? (waiting.length === 1 ? waiting[0].location : undefined);
    if (location === undefined) {
      throw new CommandError(
        waiting.length === 0 ? EXIT.notThere : EXIT.usage,
        waiting.length === 0
          ? 'no declaration of it waits'
          : 'several declarations of it wait; name one',
        waiting.map(each => each.location),
      );
    }
    await client.acceptDeclaration(name, location, { signal: context.signal });
    if (context.json)
      context.printJson({ ...name, location, state: 'accepted' });
    else context.print(`${location} writes the card of ${args[0]} from now on`);
  },
};
