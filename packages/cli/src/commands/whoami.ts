import type { Command } from '../Command';

export const whoami: Command = {
  name: 'whoami',
  group: 'account',
  summary: 'say who you are, and in which groups',
  args: [],
  options: {},
  examples: [{ line: 'asset whoami', does: 'who am I here?' }],
  async run(context) {
    const session = await context.session();
    const me = await (
      await context.client()
    ).whoami({ signal: context.signal });
    if (context.json) {
      context.printJson({ server: session.server, ...me });
      return;
    }
    context.print(`${me.subject} at ${session.server}`);
    const others = me.ownershipEntityRefs.filter(ref => ref !== me.subject);
    if (others.length > 0) context.print(`  in ${others.join(', ')}`);
    if (me.administrator) context.print('  administrator of this portal');
    if (me.operator) context.print('  operator of this portal');
    if (me.auditor) context.print('  auditor of this portal');
  },
};
