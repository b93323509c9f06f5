import type { Command } from '../Command';

export const uploadsAbort: Command = {
  name: 'uploads abort',
  group: 'publish',
  summary: 'give up a push that was stopped',
  args: [{ name: 'ID', description: 'what the stopped push printed' }],
  options: {},
  examples: [
    { line: 'asset uploads abort 01kb2m…', does: 'forget what was sent' },
  ],
  async run(context, { args }) {
    await (
      await context.client()
    ).abortUpload(args[0], { signal: context.signal });
    if (context.json) context.printJson({ id: args[0], state: 'aborted' });
    else context.print(`Gave up ${args[0]}; nothing was published`);
  },
};
