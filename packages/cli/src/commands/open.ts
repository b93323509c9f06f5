import type { Command } from '../Command';
import { readReference } from '../lib/Context';
import { openBrowser } from './login';

export const open: Command = {
  name: 'open',
  group: 'look',
  summary: 'open the page of an asset in the browser',
  args: [{ name: 'REF', description: 'an asset, a version, or a file' }],
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
    const { namespace, name, selector, path } = await readReference(args[0]);
    const { server } = await context.session();
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
