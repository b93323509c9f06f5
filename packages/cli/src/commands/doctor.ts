import type { StorageUsage } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { CommandError, EXIT } from '../lib/exit';
import { countOf, formatBytes, formatTable, printable } from '../lib/format';

const COLORS = {
  ok: 'green',
  warned: 'yellow',
  failed: 'red',
  skipped: 'dim',
} as const;

export const doctor: Command = {
  name: 'doctor',
  group: 'administer',
  summary: 'try out every store, and say what to change; for operators',
  details: [
    'Writes, reads, lists and deletes a probe in each store, sends and reads one by a signed\nrequest, asks whether a browser may, and reads by which rules the bucket deletes. The exit code is 1 when something failed.',
  ],
  args: [],
  options: {},
  examples: [{ line: 'asset doctor', does: 'after setting up a bucket' }],
  async run(context) {
    const client = await context.client();
    const items = await client.examineStores({ signal: context.signal });
    const failed = items.filter(({ state }) => state === 'failed');
    if (context.json) context.printJson({ items });
    else {
      context.print(
        formatTable(
          items.map(({ store, check, state, advice = '' }) => [
            store,
            check,
            context.paint(COLORS[state], state),
            printable(advice),
          ]),
        ),
      );
    }
    if (failed.length > 0)
      throw new CommandError(
        EXIT.failed,
        `${countOf(failed.length, 'check')} failed`,
      );
  },
};

export const storeUsage: Command = {
  name: 'store usage',
  group: 'administer',
  summary:
    'say what the bytes take, by store, type, owner and namespace; for operators',
  args: [],
  options: {},
  examples: [{ line: 'asset store usage', does: 'where the space went' }],
  async run(context) {
    const client = await context.client();
    const report = await client.getStorage({ signal: context.signal });
    if (context.json) {
      context.printJson(report);
      return;
    }
    const table = (title: string, rows: readonly StorageUsage[]) => {
      context.print(context.paint('bold', title));
      context.print(
        formatTable(
          rows.map(row => [
            `  ${printable(row.value)}`,
            formatBytes(row.storedBytes),
            countOf(row.blobs, 'blob'),
            countOf(row.assets, 'asset'),
          ]),
        ),
      );
    };
    table('By store', report.byStore);
    table('By type', report.byType);
    table('By owner', report.byOwner);
    context.print(context.paint('bold', 'By namespace'));
    context.print(
      formatTable(
        report.byNamespace.map(({ namespace, assets, heldBytes, quota }) => [
          `  ${printable(namespace)}`,
          formatBytes(heldBytes),
          quota === undefined ? '' : `of ${formatBytes(quota)}`,
          countOf(assets, 'asset'),
        ]),
      ),
    );
    context.print(
      `${formatBytes(report.logicalBytes)} in versions, stored in ${formatBytes(
        report.storedBytes,
      )}; ${countOf(report.uploads.open, 'upload')} under way, ${countOf(
        report.condemned.blobs,
        'blob',
      )} waiting to be deleted`,
    );
  },
};
