import type { Command } from '../Command';
import { UsageError } from '../lib/exit';
import { formatTable, printable } from '../lib/format';

export const webhookList: Command = {
  name: 'webhook list',
  group: 'administer',
  summary: 'say how outgoing webhooks fare, and what they did not take',
  args: [],
  options: {},
  examples: [{ line: 'asset webhook list', does: 'for operators' }],
  async run(context) {
    const client = await context.client();
    const items = await client.audit.listWebhooks({ signal: context.signal });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('The configuration names no webhook.');
      return;
    }
    context.print(
      formatTable([
        ['NAME', 'TO', 'EVENTS', 'BEHIND', 'NEXT TRY', 'LAST ERROR'],
        ...items.map(each => [
          each.name,
          each.origin,
          each.actions?.join(', ') ?? 'all',
          `${each.behind}`,
          each.nextAt ?? '',
          printable(each.lastError ?? ''),
        ]),
      ]),
    );
    const letters = items.flatMap(({ name, deadLetters }) =>
      deadLetters.map(letter => [
        name,
        `${letter.sequence}`,
        letter.at,
        printable(letter.error),
      ]),
    );
    if (letters.length > 0)
      context.print(
        formatTable([
          ['DEAD LETTER OF', 'EVENT', 'SINCE', 'ERROR'],
          ...letters,
        ]),
      );
  },
};

export const webhookResend: Command = {
  name: 'webhook resend',
  group: 'administer',
  summary: 'send once more what a webhook did not take',
  args: [
    { name: 'NAME', description: 'the webhook' },
    { name: 'EVENT', description: 'its number in the audit trail' },
  ],
  options: {},
  examples: [
    { line: 'asset webhook resend deploy 4711', does: 'for operators' },
  ],
  async run(context, { args: [name, text] }) {
    const sequence = Number(text);
    if (!Number.isSafeInteger(sequence) || sequence < 1)
      throw new UsageError(`${JSON.stringify(text)} is no number of an event`);
    const client = await context.client();
    await client.audit.resend(name, sequence, { signal: context.signal });
    if (context.json) context.printJson({ webhook: name, sequence });
    else context.print(`Sent ${sequence} to ${name}`);
  },
};
