import type { Command } from '../Command';
import { readName, readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { formatAge, formatEntity, formatTable } from '../lib/format';

const moved = (move: { name: string; from?: string; to?: string }) =>
  `${move.name}  ${move.from ?? '(new)'} → ${move.to ?? '(removed)'}`;

export const aliasSet: Command = {
  name: 'alias set',
  group: 'publish',
  summary: 'point an alias to a version',
  args: [
    {
      name: 'REF',
      description: 'the version, e.g. models/basecaller@4',
      completes: 'reference',
    },
    { name: 'ALIAS', description: 'the alias, e.g. champion' },
  ],
  options: {
    expect: {
      type: 'string',
      value: 'LABEL',
      description: 'only when it points there now (- for nowhere)',
    },
  },
  examples: [
    {
      line: 'asset alias set models/basecaller@4 champion',
      does: 'champion is version 4 from now on',
    },
    {
      line: 'asset alias set models/basecaller@4 champion --expect 3',
      does: 'but only when it was 3',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    if (reference.selector === undefined) {
      throw new UsageError(`${JSON.stringify(args[0])} names no version`, [
        `for the newest one: asset alias set ${args[0]}@latest ${args[1]}`,
      ]);
    }
    const expect = options.text('expect');
    const move = await (
      await context.client()
    ).setAlias(
      reference,
      args[1],
      {
        version: reference.selector,
        ...(expect !== undefined && {
          expected: expect === '-' ? null : expect,
        }),
      },
      { signal: context.signal },
    );
    if (context.json) context.printJson(move);
    else context.print(moved(move));
  },
};

export const aliasRemove: Command = {
  name: 'alias remove',
  group: 'publish',
  summary: 'take an alias away',
  args: [
    { name: 'NAME', description: 'the asset', completes: 'name' },
    { name: 'ALIAS', description: 'the alias' },
  ],
  options: {},
  examples: [
    {
      line: 'asset alias remove models/basecaller candidate',
      does: 'nothing is candidate any more',
    },
  ],
  async run(context, { args }) {
    const name = await readName(args[0]);
    const move = await (
      await context.client()
    ).removeAlias(name, args[1], { signal: context.signal });
    if (context.json) context.printJson(move);
    else context.print(moved(move));
  },
};

export const aliasList: Command = {
  name: 'alias list',
  group: 'look',
  summary: 'list the aliases of an asset',
  args: [{ name: 'NAME', description: 'the asset', completes: 'name' }],
  options: {},
  examples: [
    {
      line: 'asset alias list models/basecaller',
      does: 'where the aliases point',
    },
  ],
  async run(context, { args }) {
    const items = await (
      await context.client()
    ).listAliases(await readName(args[0]), {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note(
        `No alias yet. To set one: asset alias set ${args[0]}@latest ALIAS`,
      );
      return;
    }
    const { shortDigest } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const now = Date.now();
    context.print(
      formatTable(
        items.map(alias => [
          alias.name,
          alias.label,
          shortDigest(alias.digest),
          `${formatAge(alias.updatedAt, now)} by ${formatEntity(
            alias.updatedBy,
          )}`,
        ]),
      ),
    );
  },
};

export const aliasHistory: Command = {
  name: 'alias history',
  group: 'look',
  summary: 'say where an alias pointed, and who moved it',
  args: [
    { name: 'NAME', description: 'the asset', completes: 'name' },
    {
      name: 'ALIAS',
      description: 'one alias; all of them when left out',
      optional: true,
    },
  ],
  options: {},
  examples: [
    {
      line: 'asset alias history models/basecaller champion',
      does: 'the champions so far',
    },
  ],
  async run(context, { args }) {
    const items = await (
      await context.client()
    ).listAliasMoves(await readName(args[0]), {
      alias: args[1],
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) context.note('It was never set.');
    else {
      context.print(
        formatTable(
          items.map(move => [
            move.name,
            `${move.from ?? '(new)'} → ${move.to ?? '(removed)'}`,
            move.at,
            formatEntity(move.by),
          ]),
        ),
      );
    }
  },
};
