import type { Command } from '../Command';
import type { AssetReference } from '@baseasset/backstage-plugin-asset-manager-common';
import { Context, readReference } from '../lib/Context';
import { CommandError, EXIT } from '../lib/exit';
import { openBrowser } from './login';

/** An address that leads nowhere is no answer. */
async function refuseWhatIsNotThere(
  context: Context,
  reference: AssetReference,
): Promise<void> {
  const { selector, path } = reference;
  const { signal } = context;
  const client = await context.client();
  if (selector === undefined) {
    await client.getAsset(reference, { signal });
    return;
  }
  const { digest } = await client.getVersion(reference, { signal });
  if (path === undefined) return;
  const { items } = await client.listFiles(
    { ...reference, selector: digest },
    { under: path, limit: 1, signal },
  );
  if (items[0]?.path !== path && !items[0]?.path.startsWith(`${path}/`))
    throw new CommandError(
      EXIT.notThere,
      `there is no file ${JSON.stringify(path)} in the version`,
      [
        `to see the files: asset files ${reference.namespace}/${reference.name}@${selector}`,
      ],
    );
}

export const open: Command = {
  name: 'open',
  group: 'look',
  summary: 'open the page of an asset in the browser',
  args: [
    {
      name: 'REF',
      description: 'an asset, a version, or a file',
      completes: 'reference',
    },
  ],
  options: {
    print: {
      type: 'boolean',
      description: 'print the address instead of opening it',
    },
  },
  examples: [
    { line: 'asset open models/basecaller@4', does: 'look at version 4' },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    const { namespace, name, selector, path } = reference;
    const { server } = await context.session();
    await refuseWhatIsNotThere(context, reference);
    const url = new URL(
      `${server}/assets/${namespace}/${name}${path ? '/files' : ''}`,
    );
    if (selector) url.searchParams.set('version', selector);
    if (path) url.searchParams.set('file', path);
    if (context.json) context.printJson({ url: url.href });
    else if (options.flag('print') || !(await openBrowser(url.href)))
      context.print(url.href);
  },
};
