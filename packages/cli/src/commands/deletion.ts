import type { Command } from '../Command';
import { confirm } from '../lib/confirm';
import { readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { day, formatEntity, formatTable, printable } from '../lib/format';

export const deleteCommand: Command = {
  name: 'delete',
  group: 'publish',
  summary: 'delete a version, or an asset with all of its versions',
  details: [
    'Nobody can read it from then on. It can be brought back for two weeks (unless the portal\nsays otherwise); then its bytes are deleted, as far as no other version needs them. What\nit was stays known: manifest, message, metadata.',
  ],
  args: [
    {
      name: 'REF',
      description: 'a version, or an asset',
      completes: 'reference',
    },
  ],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    yes: {
      type: 'boolean',
      short: 'y',
      description: 'do not ask on a terminal',
    },
  },
  examples: [
    {
      line: 'asset delete data/cohort@3 --reason "holds names of patients"',
      does: 'one version',
    },
    { line: 'asset delete data/scratch --yes', does: 'all of it' },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    if (reference.path !== undefined) {
      throw new UsageError(
        `${JSON.stringify(
          args[0],
        )} names a file, and versions are deleted as a whole`,
      );
    }
    const { formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const { selector, namespace, name } = reference;
    const what =
      selector === undefined
        ? `${formatReference(reference)} with all versions`
        : formatReference(reference);
    if (
      !options.flag('yes') &&
      !context.json &&
      !(await confirm(context, `Delete ${what}?`))
    ) {
      context.note('Nothing was deleted.');
      return;
    }
    const client = await context.client();
    const reason = options.text('reason');
    const { signal } = context;
    const deleted =
      selector === undefined
        ? await client.deleteAsset({ namespace, name }, reason, { signal })
        : await client.deleteVersion(reference, reason, { signal });
    if (context.json) {
      context.printJson({ ...deleted, namespace, name });
      return;
    }
    const again = formatReference(
      'label' in deleted
        ? { namespace, name, selector: deleted.label }
        : { namespace, name },
    );
    context.print(`Deleted ${again}`);
    if (deleted.deletion?.until !== undefined)
      context.note(
        `  to bring it back until ${day(
          deleted.deletion.until,
        )}: asset undelete ${again}`,
      );
  },
};

export const undelete: Command = {
  name: 'undelete',
  group: 'publish',
  summary: 'bring a deleted version or asset back, or list deleted assets',
  args: [
    {
      name: 'REF',
      description:
        'a version, or an asset; none for a list of your deleted assets',
      optional: true,
    },
  ],
  options: {},
  examples: [
    { line: 'asset undelete', does: 'your assets that can be brought back' },
    { line: 'asset undelete data/cohort@3', does: 'one version' },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const { signal } = context;
    const { formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    if (args[0] === undefined) {
      const items = await client.listDeletedAssets({ signal });
      if (context.json) {
        context.printJson({ items });
        return;
      }
      if (items.length === 0) {
        context.note('None of your assets is deleted.');
        context.note('  deleted versions: asset show NAME');
        return;
      }
      context.print(
        formatTable([
          ['NAME', 'DELETED', 'BY', 'UNTIL', 'REASON'],
          ...items.map(({ deletion, ...asset }) => [
            formatReference(asset),
            day(deletion.at),
            formatEntity(deletion.by),
            day(deletion.until ?? ''),
            printable(deletion.reason ?? ''),
          ]),
        ]),
      );
      return;
    }
    const reference = await readReference(args[0]);
    const { namespace, name } = reference;
    const back =
      reference.selector === undefined
        ? await client.undeleteAsset({ namespace, name }, { signal })
        : await client.undeleteVersion(reference, { signal });
    if (context.json) context.printJson({ ...back, namespace, name });
    else context.print(`${args[0]} is back`);
  },
};
