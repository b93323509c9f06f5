import type { AssetManagerClient } from '@baseasset/client';
import type { Command } from '../Command';
import { AS_OF_OPTION, readAsOf } from '../lib/asOf';
import { Context, readReference } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { countOf, formatBytes } from '../lib/format';
import { warnAbout } from '../lib/warnAbout';

export const pull: Command = {
  name: 'pull',
  group: 'get',
  summary: 'bring the files of a version into a folder',
  details: [
    'Every file is verified against the manifest, and the manifest against the digest of the\nversion. What stands already is left alone; what you changed is not overwritten without\n--force; files of a version pulled before that this one does not have are removed. A new\nfolder appears when it is whole.',
  ],
  args: [
    {
      name: 'REF',
      completes: 'reference',
      description:
        'an asset or a version of it, e.g. models/basecaller@champion',
    },
  ],
  options: {
    ...AS_OF_OPTION,
    output: {
      type: 'string',
      short: 'o',
      value: 'DIR',
      description: 'where to; a folder of the asset’s name when left out',
    },
    include: {
      type: 'string',
      multiple: true,
      value: 'GLOB',
      description: 'only files that match, e.g. "weights/**"',
    },
    link: {
      type: 'boolean',
      description:
        'make hard links to the cache instead of copies; such files are read-only',
    },
    force: {
      type: 'boolean',
      short: 'f',
      description:
        'overwrite files that were changed here, and take away those of another asset',
    },
  },
  examples: [
    {
      line: 'asset pull models/basecaller@champion -o ./model',
      does: 'the version that champion means',
    },
    {
      line: 'asset pull genomes/lambda --include "*.fa"',
      does: 'the newest version, one kind of file',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    const { formatReference } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const client = await context.client();
    const session = await context.session();
    const {
      cacheDirectory,
      cacheLimit,
      nearestStores,
      preferredStores,
      pull: pullVersion,
    } = await import('@baseasset/client/node');
    const transport = await session.transport();
    const cache = cacheDirectory(context.environment);
    const target = options.text('output') ?? reference.name;
    if (target === '')
      throw new UsageError('-o names no folder', [
        'for the folder that you are in: -o .',
      ]);
    const started = Date.now();
    const bar = context.progress();
    try {
      const asOf = await readAsOf(options);
      const { signal } = context;
      const version = await client.getVersion(reference, { asOf, signal });
      // Whatever it was then: whoever uses it now is told what is said of it now.
      warnAbout(
        context,
        asOf === undefined
          ? version
          : await client.getVersion(
              { ...reference, selector: version.digest },
              { signal },
            ),
      );
      const result = await pullVersion({
        client,
        transport,
        cache,
        name: reference,
        version,
        target,
        include: reference.path
          ? [reference.path, `${reference.path}/**`]
          : options.list('include'),
        link: options.flag('link'),
        cacheLimit: cacheLimit(context.environment),
        prefer:
          (await knownStores(
            context,
            client,
            preferredStores(context.environment),
          )) ??
          (await nearestStores({
            client,
            cache,
            portal: session.server,
            signal,
          })),
        force: options.flag('force'),
        signal: context.signal,
        onProgress: progress =>
          bar.update(
            'Downloading',
            progress.receivedBytes,
            progress.totalBytes,
          ),
      });
      bar.clear();
      if (result.notLinked > 0)
        context.warn(
          `${countOf(
            result.notLinked,
            'file',
          )} could not be linked to ${cache}, ${
            result.notLinked === 1 ? 'and is a copy' : 'and are copies'
          }: links stay on one disk`,
        );
      const { namespace, name } = reference;
      if (context.json) {
        context.printJson({
          namespace,
          name,
          reference: formatReference({
            namespace,
            name,
            selector: version.digest,
          }),
          version,
          directory: target,
          ...result,
        });
        return;
      }
      const what =
        result.written === 0
          ? 'nothing to do'
          : `${formatBytes(result.receivedBytes)} downloaded${
              result.receivedBytes === 0 ? ' (all cached)' : ''
            }`;
      context.print(
        [
          context.paint(
            'bold',
            formatReference({ namespace, name, selector: version.label }),
          ),
          countOf(result.fileCount, 'file'),
          formatBytes(result.size),
          what,
          ...(result.removed > 0
            ? [`${countOf(result.removed, 'former file')} removed`]
            : []),
          `${((Date.now() - started) / 1000).toFixed(1)} s`,
          `→ ${target}`,
        ].join('  '),
      );
    } catch (error) {
      bar.clear();
      if (context.signal.aborted) {
        throw new CommandError(130, 'Stopped. What was fetched is kept.', [
          'to go on: run the same command again',
        ]);
      }
      if ((error as Error).name === 'ConflictError') {
        const { message } = error as Error;
        throw new CommandError(EXIT.conflict, message, [
          ...(message.endsWith('move it away first')
            ? []
            : ['to overwrite them: add --force']),
          'to keep them: pull into another folder with -o',
        ]);
      }
      throw error;
    } finally {
      transport.close();
    }
  },
};

/** The stores that a person prefers, who is told of names that mean none. */
async function knownStores(
  context: Context,
  client: AssetManagerClient,
  preferred: readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  if (!preferred) return undefined;
  const { signal } = context;
  const names = (await client.listStores({ signal })).map(({ name }) => name);
  for (const name of preferred)
    if (!names.includes(name))
      context.warn(
        `BASEASSET_STORES has ${JSON.stringify(
          name,
        )}, which is no store of this portal; it has ${names.join(', ')}`,
      );
  return preferred;
}
