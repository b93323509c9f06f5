import type { AssetManagerClient } from '@baseasset/client';
import type { UploadVersionResult } from '@baseasset/client';
import type {
  Asset,
  AssetName,
  Run,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command, Invocation } from '../Command';
import { Context, readName, typed } from '../lib/Context';
import { CommandError, EXIT } from '../lib/exit';
import { explainError } from '../lib/explainError';
import { countOf, formatBytes } from '../lib/format';
import { readInputs, recordInputs } from '../lib/declaredInputs';
import { readMetadata } from '../lib/readMetadata';
import { cardOf, cardOptions } from './cardOptions';

const TYPE_OF_NEW = 'generic';

/** Finds the asset, and creates it when it is not there. */
async function ensureAsset(
  context: Context,
  client: AssetManagerClient,
  name: AssetName,
  options: Invocation['options'],
): Promise<void> {
  const { signal } = context;
  const standing = await client.getAsset(name, { signal }).catch(error => {
    if (error.status === 404) return undefined;
    throw error;
  });
  const type = options.text('type');
  const owner = options.text('owner');
  if (standing) {
    if (type !== undefined && type !== standing.type) {
      throw new CommandError(
        EXIT.conflict,
        `the asset is a ${standing.type}, and a push does not make it a ${type}`,
        [
          `to change it: asset edit ${name.namespace}/${name.name} --type ${type}`,
        ],
      );
    }
    refuseChanges(standing, { ...cardOf(options), owner });
    return;
  }
  await client.createAsset(
    { ...name, ...cardOf(options), type: type ?? TYPE_OF_NEW, owner },
    { signal },
  );
  const { formatReference } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const text = formatReference(name);
  context.note(`Created ${text} as ${type ?? TYPE_OF_NEW}`);
  if (type === undefined)
    context.note(
      `  no --type was given; to say what it is: asset edit ${text} --type TYPE`,
    );
}

/**
 * A push leaves the card of an asset alone that stands already: whoever says
 * otherwise on the line must not believe that it was done.
 */
function refuseChanges(
  standing: Asset,
  said: ReturnType<typeof cardOf> & { owner?: string },
): void {
  for (const [key, value] of Object.entries(said)) {
    if (value === undefined) continue;
    const now = standing[key as keyof typeof said];
    const isSame =
      JSON.stringify(now) === JSON.stringify(value) ||
      // `team-signal` for `group:default/team-signal`
      (['owner', 'system'].includes(key) && String(now).endsWith(`/${value}`));
    if (isSame) continue;
    const option = key === 'tags' ? 'tag' : key;
    throw new CommandError(
      EXIT.conflict,
      `the asset stands already, and a push does not change its ${
        key === 'tags' ? 'tags' : key
      }`,
      [
        `to change it: asset edit ${standing.namespace}/${standing.name} --${option} …`,
      ],
    );
  }
}

async function report(
  context: Context,
  name: AssetName,
  result: UploadVersionResult,
  sentBytes: number,
  run?: Run,
): Promise<void> {
  const { formatReference, shortDigest } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const { server } = await context.session();
  const { version } = result;
  const reference = formatReference({ ...name, selector: version.label });
  const url = `${server}/assets/${name.namespace}/${
    name.name
  }?version=${encodeURIComponent(version.label)}`;
  if (context.json) {
    context.printJson({
      ...name,
      state: result.state === 'created' ? 'created' : 'unchanged',
      reference: formatReference({ ...name, selector: version.digest }),
      version,
      aliases: result.state === 'unchanged' ? [] : result.aliases,
      sentBytes,
      run,
      url,
    });
    return;
  }
  const moves = result.state === 'unchanged' ? [] : result.aliases;
  if (result.state !== 'created') {
    context.print(
      `Nothing changed: this is ${reference} (${shortDigest(version.digest)}).`,
    );
    if (sentBytes > 0)
      context.print(
        `${formatBytes(sentBytes)} that were missing there have been sent.`,
      );
  } else {
    context.print(
      [
        context.paint('bold', reference),
        shortDigest(version.digest),
        countOf(version.fileCount, 'file'),
        formatBytes(version.size),
        ...moves.map(move => `${move.name} → ${move.to}`),
      ].join('  '),
    );
    noteInputs(context, run);
    context.print(url);
    return;
  }
  for (const move of moves) context.print(`${move.name} → ${move.to}`);
  noteInputs(context, run);
}

function noteInputs(context: Context, run: Run | undefined): void {
  for (const { namespace, name, label, role } of run?.inputs ?? [])
    context.note(
      `  made of ${namespace}/${name}@${label}${role ? ` (${role})` : ''}`,
    );
}

export const push: Command = {
  name: 'push',
  group: 'publish',
  summary: 'make a version of a folder or file',
  details: [
    'Sends only what the portal lacks, and makes the version in one step when all of it is\nthere. Stopped in the middle it leaves nothing published; the same command goes on where\nit stopped. Content that is a version already makes no second one.',
    'An asset that is not there is created, with --type, --owner and the options of its card.',
  ],
  args: [
    { name: 'PATH', description: 'a folder or file' },
    {
      name: 'NAME',
      description: 'the asset, e.g. models/basecaller',
      completes: 'name',
    },
  ],
  options: {
    version: {
      type: 'string',
      value: 'LABEL',
      description: 'the label; the next number when left out',
    },
    message: {
      type: 'string',
      short: 'm',
      value: 'TEXT',
      description: 'what is new',
    },
    meta: {
      type: 'string',
      multiple: true,
      value: 'KEY=VALUE',
      description:
        'metadata of the version; numbers, true and JSON are read as such',
    },
    alias: {
      type: 'string',
      short: 'a',
      multiple: true,
      value: 'ALIAS',
      description: 'point an alias to the new version',
    },
    input: {
      type: 'string',
      short: 'i',
      multiple: true,
      value: '[ROLE=]REF',
      description: 'a version that it was made of, by its label or digest',
    },
    type: {
      type: 'string',
      short: 't',
      value: 'TYPE',
      description: 'the asset type, when it is new',
    },
    owner: {
      type: 'string',
      value: 'GROUP',
      description: 'who owns it, when it is new',
    },
    ...cardOptions,
  },
  examples: [
    {
      line: 'asset push ./basecaller models/basecaller --type ml-model -m "more epochs" --alias candidate',
      does: 'the next version of a model',
    },
    {
      line: 'asset push ./model models/basecaller --input train=data/reads@12 --input genomes/lambda@3',
      does: 'and what it was made of, for its lineage',
    },
    {
      line: 'asset push lambda.fa genomes/lambda --version 1.0 --meta bases=48502',
      does: 'one file, own label',
    },
  ],
  async run(context, { args, options }) {
    const [target, text] = args;
    const name = await readName(text);
    const metadata = readMetadata(options.list('meta'));
    const label = options.text('version');
    const { labelProblem, refuse } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    for (const each of [
      ...(label === undefined ? [] : [label]),
      ...options.list('alias'),
    ]) {
      typed(() =>
        refuse(
          each === label ? 'version label' : 'alias',
          each,
          labelProblem(each),
        ),
      );
    }
    const client = await context.client();
    const inputs = await readInputs(context, client, options.list('input'));
    const session = await context.session();
    const {
      hashFolder,
      push: pushFolder,
      cacheDirectory,
    } = await import('@baseasset/client/node');
    const transport = await session.transport();
    const cache = cacheDirectory(context.environment);
    const bar = context.progress();
    let uploadId: string | undefined;
    let committing = false;
    let sent = { sentBytes: 0, totalBytes: 0 };
    const scanning = {
      cache,
      target,
      signal: context.signal,
      onScan: (progress: {
        readBytes: number;
        totalBytes: number;
        totalFiles: number;
      }) =>
        bar.update(
          'Scanning',
          progress.readBytes,
          progress.totalBytes,
          countOf(progress.totalFiles, 'file'),
        ),
    };
    try {
      // Whatever can't be pushed is found before the asset is created.
      const files = await hashFolder({
        ...scanning,
        onWarning: warning => context.warn(warning),
      });
      bar.clear();
      await ensureAsset(context, client, name, options);
      const result = await pushFolder({
        ...scanning,
        client,
        transport,
        name,
        files,
        commit: {
          label,
          message: options.text('message'),
          metadata,
          aliases:
            options.list('alias').length > 0
              ? options.list('alias')
              : undefined,
        },
        onBegin: id => {
          uploadId = id;
        },
        onCommit: () => {
          committing = true;
        },
        onUpload: progress => {
          sent = progress;
          bar.update(
            'Uploading',
            progress.sentBytes,
            progress.totalBytes,
            countOf(progress.totalBlobs, 'new file'),
          );
        },
      });
      bar.clear();
      if (result.state === 'unchanged') {
        if (label !== undefined && label !== result.version.label) {
          throw new CommandError(
            EXIT.conflict,
            `this content is version '${result.version.label}' already, and can't be '${label}', too`,
          );
        }
        for (const alias of options.list('alias')) {
          const move = await client.setAlias(name, alias, {
            version: result.version.digest,
          });
          context.note(`${alias} → ${move.to}`);
        }
      }
      const run =
        inputs.length > 0
          ? await recordInputs(client, name, result.version, inputs)
          : undefined;
      await report(context, name, result, sent.sentBytes, run);
    } catch (error) {
      bar.clear();
      if (context.signal.aborted && committing)
        throw new CommandError(130, 'Stopped. It may be published already.', [
          'to know: run the same command again',
        ]);
      if (context.signal.aborted) {
        throw new CommandError(130, 'Paused. Nothing is published yet.', [
          ...(uploadId
            ? [
                `${formatBytes(sent.sentBytes)} of ${formatBytes(
                  sent.totalBytes,
                )} are kept for 7 days`,
              ]
            : []),
          'to go on: run the same command again',
          ...(uploadId ? [`to give up: asset uploads abort ${uploadId}`] : []),
        ]);
      }
      const explained = explainError(error);
      if (explained.code === EXIT.unreachable && uploadId)
        throw new CommandError(explained.code, explained.message, [
          'what was sent is kept for 7 days; to go on: run the same command again',
        ]);
      throw error;
    } finally {
      transport.close();
    }
  },
};
