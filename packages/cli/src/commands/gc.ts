import type { Command } from '../Command';
import { countOf, formatBytes, formatTable, printable } from '../lib/format';

export const gc: Command = {
  name: 'gc',
  group: 'administer',
  summary: 'delete bytes that nothing refers to; for operators',
  details: [
    'The portal does the same every hour. What is younger than the grace is kept, and so is\nwhat an open upload may still use.',
  ],
  args: [],
  options: {
    'dry-run': {
      type: 'boolean',
      description: 'delete nothing; say what would go, and what keeps the rest',
    },
  },
  examples: [
    {
      line: 'asset gc --dry-run',
      does: 'what would go, and who keeps the rest',
    },
  ],
  async run(context, { options }) {
    const client = await context.client();
    if (!options.flag('dry-run')) {
      const result = await client.collect({ signal: context.signal });
      if (context.json) context.printJson(result);
      else context.print(`Deleted ${countOf(result.deleted, 'blob')}`);
      return;
    }
    const plan = await client.planCollection({ signal: context.signal });
    if (context.json) {
      context.printJson(plan);
      return;
    }
    if (plan.items.length === 0) {
      context.note('Something refers to every blob.');
      return;
    }
    context.print(
      formatTable(
        plan.items.map(({ store, key, size, reason, keptBy }) => [
          store,
          printable(key),
          size === undefined ? '' : formatBytes(size),
          reason,
          keptBy ? `kept by ${printable(keptBy)}` : 'would be deleted',
        ]),
      ),
    );
    if (plan.truncated) context.note('There are more than these.');
  },
};
