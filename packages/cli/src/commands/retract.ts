import type { Command } from '../Command';
import { readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';

export const retract: Command = {
  name: 'retract',
  group: 'govern',
  summary: 'say that a version is not to be used any more',
  details: [
    'It stays, is marked wherever it is shown, and latest passes over it. Its type says\nwhether it can be downloaded, with a warning, or not.',
  ],
  args: [
    {
      name: 'REF',
      description: 'the version, e.g. models/basecaller@4',
      completes: 'reference',
    },
  ],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    undo: { type: 'boolean', description: 'take a retraction back' },
  },
  examples: [
    {
      line: 'asset retract data/cohort@3 --reason "two samples were swapped"',
      does: 'for everybody to see',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    if (reference.selector === undefined)
      throw new UsageError(`${JSON.stringify(args[0])} names no version`);
    const reason = options.text('reason');
    const undo = options.flag('undo');
    if (undo === (reason !== undefined))
      throw new UsageError(
        '--reason has to say why it is retracted, or --undo that it is not',
      );
    const { lifecycle } = await context.client();
    const { signal } = context;
    const version = undo
      ? await lifecycle.reinstate(reference, { signal })
      : await lifecycle.retract(reference, reason!, { signal });
    if (context.json) context.printJson(version);
    else
      context.print(
        `${reference.namespace}/${reference.name}@${version.label}  ${
          undo ? 'not retracted any more' : 'retracted'
        }`,
      );
  },
};
