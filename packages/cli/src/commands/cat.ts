import type { Command } from '../Command';
import { AS_OF_OPTION, readAsOf } from '../lib/asOf';
import { readReference } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { warnAbout } from '../lib/warnAbout';

export const cat: Command = {
  name: 'cat',
  group: 'get',
  summary: 'write a file of a version to standard output',
  details: [
    'The bytes are verified while they pass; when they were wrong, the exit code is 6.',
  ],
  args: [
    {
      name: 'REF',
      description: 'a file, e.g. genomes/lambda@3/lambda.fa',
      completes: 'reference',
    },
  ],
  options: AS_OF_OPTION,
  examples: [
    {
      line: 'asset cat genomes/lambda@3/lambda.fa | head -1',
      does: 'the first line of a file',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    const { path } = reference;
    if (path === undefined) {
      throw new UsageError(`${JSON.stringify(args[0])} names no file`, [
        'a file stands behind a version: NAME@VERSION/PATH, e.g. NAME@latest/README.md',
        `to see the files: asset files ${args[0]}`,
      ]);
    }
    const { createHash } = await import('node:crypto');
    const client = await context.client();
    const transport = await (await context.session()).transport();
    try {
      const version = await client.getVersion(reference, {
        asOf: await readAsOf(options),
        signal: context.signal,
      });
      warnAbout(context, version);
      const fixed = { ...reference, selector: version.digest };
      const { items } = await client.listFiles(fixed, {
        under: path,
        limit: 1,
      });
      const hash = createHash('sha256');
      const url = await client.fileUrl(fixed, path);
      const body = await transport.receive({
        url,
        start: 0,
        signal: context.signal,
      });
      for await (const chunk of body) {
        hash.update(chunk);
        if (!context.stdout.write(chunk)) {
          await new Promise(resolve => {
            context.stdout.once('drain', resolve);
          });
        }
      }
      const expected = items.find(file => file.path === path)?.digest;
      const found = `sha256:${hash.digest('hex')}`;
      if (expected !== found) {
        throw new CommandError(
          EXIT.integrity,
          `what came is ${found}, and should be ${expected}`,
        );
      }
    } finally {
      transport.close();
    }
  },
};
