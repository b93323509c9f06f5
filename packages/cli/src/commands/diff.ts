import type { FileChange } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readReference, typed } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { formatBytes, formatTable, printable } from '../lib/format';

const SIGNS = { added: '+', removed: '-', changed: '~', renamed: '→' } as const;

/** Sizes are said once where they are the same. */
function sizesOf({ from, to }: FileChange): string {
  return [from, to]
    .filter(each => each !== undefined)
    .map(each => formatBytes(each.size))
    .filter((text, index, all) => text !== all[index - 1])
    .join(' → ');
}

export const diff: Command = {
  name: 'diff',
  group: 'look',
  summary: 'say what differs between two versions',
  args: [
    {
      name: 'REF',
      description: 'a version, or two as NAME@A..B',
      completes: 'reference',
    },
    {
      name: 'OTHER',
      completes: 'reference',
      description: 'the version to compare it with',
      optional: true,
    },
  ],
  options: {},
  examples: [
    {
      line: 'asset diff models/basecaller@3..4',
      does: 'two versions of an asset',
    },
    {
      line: 'asset diff models/basecaller@champion models/basecaller@latest',
      does: 'two references',
    },
  ],
  async run(context, { args }) {
    const { parseVersionRange, formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    let from;
    let to;
    if (args[1] === undefined) {
      const range = typed(() => parseVersionRange(args[0]));
      if (!range) {
        throw new UsageError('two versions are wanted', [
          'as a range: asset diff NAME@3..4',
          'or as two: asset diff NAME@3 NAME@4',
        ]);
      }
      const { namespace, name } = range;
      from = { namespace, name, selector: range.from };
      to = { namespace, name, selector: range.to };
    } else {
      from = await readReference(args[0]);
      to = await readReference(args[1]);
    }
    const client = await context.client();
    const comparison = await client.compareVersions(from, to, {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson(comparison);
      return;
    }
    const { counts } = comparison;
    const side = (which: typeof comparison.from) =>
      formatReference({
        namespace: which.namespace,
        name: which.name,
        selector: which.label,
      });
    context.print(
      `${side(comparison.from)} to ${side(comparison.to)}: ${
        counts.added
      } added, ${counts.removed} removed, ${counts.changed} changed, ${
        counts.renamed
      } renamed, ${counts.unchanged} the same`,
    );
    const rows = comparison.changes.map(change => [
      SIGNS[change.kind],
      change.fromPath
        ? `${printable(change.fromPath)} → ${printable(change.path)}`
        : printable(change.path),
      sizesOf(change),
    ]);
    if (rows.length > 0) context.print(formatTable(rows));
    if (comparison.truncated)
      context.note('There are more changes than these.');
  },
};
