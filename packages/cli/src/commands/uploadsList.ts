import type { Command } from '../Command';
import { countOf, formatAge, formatBytes, formatTable } from '../lib/format';

/** Who is at work says so every minute. */
const SILENT_MS = 150_000;

function isAtWork(heardAt: string, now: number): boolean {
  return now - Date.parse(heardAt) < SILENT_MS;
}

export const uploadsList: Command = {
  name: 'uploads list',
  group: 'publish',
  summary: 'list pushes of yours that were not finished',
  args: [],
  options: {},
  examples: [
    { line: 'asset uploads list', does: 'what could go on, or be given up' },
  ],
  async run(context) {
    const client = await context.client();
    const items = await client.listUploads({ signal: context.signal });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('No push of yours is unfinished.');
      return;
    }
    const { formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const now = Date.now();
    context.print(
      formatTable(
        items.map(upload => [
          upload.id,
          formatReference({ namespace: upload.namespace, name: upload.name }),
          countOf(upload.fileCount, 'file'),
          formatBytes(upload.size),
          isAtWork(upload.heardAt, now)
            ? 'under way'
            : `stopped ${formatAge(upload.heardAt, now)}`,
          `kept until ${upload.expiresAt.slice(0, 16).replace('T', ' ')} UTC`,
        ]),
      ),
    );
    context.note('  to go on with a stopped one: push the same content again');
    context.note('  to give one up: asset uploads abort ID');
  },
};
