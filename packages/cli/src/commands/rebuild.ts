import type { Command } from '../Command';
import { countOf, formatTable, printable } from '../lib/format';

export const storeRebuild: Command = {
  name: 'store rebuild',
  group: 'administer',
  summary:
    'bring back what the database has lost, from the stores; for operators',
  details: [
    'Each store keeps a record of its assets and their versions beside the bytes. What the\ndatabase knows is left as it is; what it lacks comes back, and is verified like a push.',
    'Of what was done in the last half minute before a loss only the bytes may be left.',
  ],
  args: [],
  options: {
    'dry-run': {
      type: 'boolean',
      description: 'change nothing; say what would come back',
    },
  },
  examples: [
    {
      line: 'asset store rebuild --dry-run',
      does: 'after the database came from a backup: what is it lacking?',
    },
  ],
  async run(context, { options }) {
    const client = await context.client();
    const report = await client.rebuild(
      { dryRun: options.flag('dry-run') },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(report);
      return;
    }
    if (report.assets.length > 0)
      context.print(
        formatTable(
          report.assets.map(({ asset, state, versions, reason = '' }) => [
            printable(asset),
            report.dryRun && state !== 'skipped' ? 'to be brought back' : state,
            versions.length === 0
              ? ''
              : `versions ${versions.map(printable).join(', ')}`,
            printable(reason),
          ]),
        ),
      );
    else context.note('The database lacks nothing that the stores have.');
    context.note(`${countOf(report.records, 'record')} in the stores`);
  },
};
