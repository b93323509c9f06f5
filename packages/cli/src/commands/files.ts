import type { Command } from '../Command';
import { AS_OF_OPTION, readAsOf } from '../lib/asOf';
import { readReference } from '../lib/Context';
import { printable } from '../lib/format';

export const files: Command = {
  name: 'files',
  group: 'look',
  summary: 'list the files of a version',
  details: [
    'With --json it prints one JSON document a line, so that long lists can be read as they come.',
  ],
  args: [
    {
      name: 'REF',
      description: 'a version, or a folder in it',
      completes: 'reference',
    },
  ],
  options: {
    ...AS_OF_OPTION,
    long: {
      type: 'boolean',
      short: 'l',
      description: 'with size, media type and digest',
    },
  },
  examples: [
    { line: 'asset files models/basecaller@4', does: 'all files' },
    {
      line: 'asset files -l models/basecaller@4/weights',
      does: 'those of a folder, with their digests',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    const client = await context.client();
    // The label or alias may move while we read on; the digest does not.
    const version = await client.getVersion(reference, {
      asOf: await readAsOf(options),
      signal: context.signal,
    });
    const fixed = { ...reference, selector: version.digest };
    const under = reference.path === undefined ? '' : `${reference.path}/`;
    let count = 0;
    const print = (file: {
      path: string;
      size: number;
      mediaType: string;
      digest: string;
    }) => {
      count++;
      if (context.json) context.stdout.write(`${JSON.stringify(file)}\n`);
      else if (options.flag('long')) {
        context.print(
          `${String(file.size).padStart(12)}  ${file.mediaType.padEnd(28)}  ${
            file.digest
          }  ${printable(file.path)}`,
        );
      } else context.print(printable(file.path));
    };
    for await (const file of client.files(fixed, {
      under,
      signal: context.signal,
    }))
      print(file);
    if (count === 0 && reference.path !== undefined) {
      for await (const file of client.files(fixed, {
        under: reference.path,
        signal: context.signal,
      })) {
        if (file.path === reference.path) print(file);
      }
      if (count === 0) {
        const { CommandError, EXIT } = await import('../lib/exit');
        throw new CommandError(
          EXIT.notThere,
          `there is no file or folder ${JSON.stringify(
            reference.path,
          )} in that version`,
        );
      }
    }
  },
};
