import type {
  AssetSort,
  AssetSummary,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import type { Context } from '../lib/Context';
import { AS_OF_OPTION, readAsOf } from '../lib/asOf';
import { UsageError } from '../lib/exit';
import {
  formatAge,
  formatBytes,
  formatEntity,
  formatTable,
  printable,
} from '../lib/format';

const SORTS = ['updated', '-updated', 'name', '-name', 'size', '-size'];

/** @param since - when something changed last, or was pushed last */
function row(asset: AssetSummary, since: string, now: number): string[] {
  const name =
    asset.namespace === 'default'
      ? asset.name
      : `${asset.namespace}/${asset.name}`;
  return [
    name,
    asset.type,
    asset.latest?.label ?? '-',
    asset.latest ? formatBytes(asset.latest.size) : '-',
    formatEntity(asset.owner),
    formatAge(since, now),
    printable(
      asset.aliases.map(alias => `${alias.name}→${alias.label}`).join(' '),
    ),
  ];
}

/** A list that is empty because a type was mistyped says so. */
async function refuseUnknownTypes(
  context: Context,
  asked: readonly string[],
): Promise<void> {
  if (asked.length === 0) return;
  const known = (
    await (await context.client()).types.list({ signal: context.signal })
  ).map(type => type.name);
  const unknown = asked.find(type => !known.includes(type));
  if (unknown !== undefined)
    throw new UsageError(`there is no asset type ${JSON.stringify(unknown)}`, [
      `the types: ${known.join(', ')}`,
    ]);
}

export const list: Command = {
  name: 'list',
  group: 'look',
  summary: 'list assets',
  args: [
    {
      name: 'NAMESPACE/',
      description: 'only assets of a namespace',
      optional: true,
    },
  ],
  options: {
    text: {
      type: 'string',
      value: 'WORDS',
      description: 'words of the name, title, description or tags',
    },
    type: {
      type: 'string',
      short: 't',
      multiple: true,
      value: 'TYPE',
      description: 'only assets of a type',
    },
    owner: {
      type: 'string',
      multiple: true,
      value: 'REF',
      description: 'only assets of an owner, e.g. group:default/team-signal',
    },
    tag: {
      type: 'string',
      multiple: true,
      value: 'TAG',
      description: 'only assets with a tag',
    },
    visibility: {
      type: 'string',
      multiple: true,
      value: 'WHO',
      description: 'only public, internal or restricted ones',
      choices: ['public', 'internal', 'restricted'],
    },
    sort: {
      type: 'string',
      value: 'ORDER',
      description: SORTS.join(', '),
      choices: SORTS,
    },
    limit: {
      type: 'string',
      short: 'n',
      value: 'COUNT',
      description: 'how many; 50 when left out, 0 for all',
    },
    ...AS_OF_OPTION,
  },
  examples: [
    { line: 'asset list models/', does: 'the assets of a namespace' },
    {
      line: "asset list --type ml-model --json | jq -r '.items[].name'",
      does: 'the names of all models',
    },
    {
      line: 'asset list models/ --as-of 2026-03-03',
      does: 'what there was on that day, with the versions and aliases of then',
    },
  ],
  async run(context, { args, options }) {
    const limit = Number(options.text('limit') ?? 50);
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new UsageError('--limit has to be a number');
    const sort = options.text('sort');
    const asOf = await readAsOf(options);
    const client = await context.client();
    const query = {
      text: options.text('text'),
      namespace:
        args[0] === undefined ? undefined : [args[0].replace(/\/$/, '')],
      type: options.list('type'),
      owner: options.list('owner'),
      tag: options.list('tag'),
      visibility: options.list('visibility') as Visibility[],
      sort: sort as AssetSort | undefined,
      asOf,
    };
    const items: AssetSummary[] = [];
    let more = false;
    const pageSize = limit === 0 ? 1000 : Math.min(1000, limit + 1);
    for await (const asset of client.assets(query, {
      limit: pageSize,
      signal: context.signal,
    })) {
      if (limit > 0 && items.length === limit) {
        more = true;
        break;
      }
      items.push(asset);
    }
    if (context.json) {
      context.printJson({ items, more });
      return;
    }
    if (items.length === 0) {
      await refuseUnknownTypes(context, query.type);
      context.note('There is no such asset that you may read.');
      if (asOf === undefined)
        context.note('  to publish one: asset push PATH NAME');
      return;
    }
    const head = [
      'NAME',
      'TYPE',
      'LATEST',
      'SIZE',
      'OWNER',
      asOf === undefined ? 'UPDATED' : 'PUSHED',
      'ALIASES',
    ];
    const now = Date.now();
    const rows = items.map(asset => {
      const pushed = asset.latest?.createdAt ?? asset.createdAt;
      return row(asset, asOf === undefined ? asset.updatedAt : pushed, now);
    });
    context.print(formatTable([head, ...rows]));
    if (more) context.note('There are more; for all of them: --limit 0');
  },
};
