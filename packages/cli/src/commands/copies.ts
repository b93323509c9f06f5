import type { CopyMode } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readName } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { followJob } from '../lib/followJob';
import { formatBytes, formatTable } from '../lib/format';

const toOption = {
  to: {
    type: 'string',
    value: 'STORE',
    description: 'the store that the bytes go to; asset store list names them',
  },
  detach: {
    type: 'boolean',
    description: 'do not wait until it is done',
  },
} as const;

function copyCommand(
  mode: CopyMode,
  about: Pick<Command, 'name' | 'summary' | 'details' | 'examples'> & {
    done: string;
  },
): Command {
  const { done, ...rest } = about;
  return {
    ...rest,
    group: 'administer',
    args: [{ name: 'NAME', description: 'the asset', completes: 'name' }],
    options: toOption,
    async run(context, { args, options }) {
      const name = await readName(args[0]);
      const store = options.text('to');
      if (store === undefined)
        throw new UsageError('--to is missing', [
          'to see the stores: asset store list',
        ]);
      const client = await context.client();
      const begun = await client.createCopyJob(
        name,
        { store, mode },
        { signal: context.signal },
      );
      const job = options.flag('detach')
        ? begun
        : await followJob(context, begun, {
            doing: 'Copying',
            done: each => each.copiedBytes,
            total: each => each.totalBytes,
            refresh: async () =>
              (
                await client.listCopyJobs(name, { signal: context.signal })
              ).find(({ id }) => id === begun.id),
            toSee: `asset store jobs ${args[0]}`,
          });
      if (context.json) context.printJson(job);
      else if (job.state === 'done')
        context.print(
          `${done} ${store}: ${formatBytes(job.copiedBytes)} copied`,
        );
      else if (job.state !== 'failed') context.print(`Begun: ${job.id}`);
      if (job.state === 'failed')
        throw new CommandError(EXIT.failed, job.error ?? 'it failed', [
          'what was copied stays; the same command goes on where it stopped',
        ]);
    },
  };
}

export const move = copyCommand('move', {
  name: 'move',
  summary: "move an asset's bytes to another store",
  details: [
    'Names and digests stay, and readers find a copy at every moment. What is pushed later\ngoes to the new store as well. The former copies are deleted after a day.',
  ],
  examples: [
    {
      line: 'asset move genomes/lambda --to archive',
      does: 'move all versions into the store archive',
    },
  ],
  done: 'Moved to',
});

export const replicate = copyCommand('replicate', {
  name: 'replicate',
  summary: "keep a second copy of an asset's bytes in another store",
  details: [
    'Readers take the other copy when one is damaged or gone. Versions that are pushed later\nare not in it; run the command again to bring them there.',
  ],
  examples: [
    {
      line: 'asset replicate models/basecaller --to bucket-eu',
      does: 'copy all versions into the store bucket-eu',
    },
  ],
  done: 'Replicated to',
});

export const storeList: Command = {
  name: 'store list',
  group: 'administer',
  summary: 'list the stores of this portal, and how far they are from here',
  details: [
    'A pull reads the copy in the nearest store, as measured within the last hour, or in the\nfirst one that BASEASSET_STORES names.',
  ],
  args: [],
  options: {},
  examples: [
    { line: 'asset store list', does: 'where bytes can be kept' },
    {
      line: 'BASEASSET_STORES=bucket-eu asset pull genomes/lambda',
      does: 'read from one store where it has a copy',
    },
  ],
  async run(context) {
    const client = await context.client();
    const session = await context.session();
    const { measureStores } = await import('@baseasset/client/node');
    const items = await measureStores({
      client,
      portal: session.server,
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    context.print(
      formatTable(
        items.map(store => [
          store.name,
          store.direct ? 'a bucket, reached directly' : 'through the portal',
          store.latency === undefined
            ? 'no answer'
            : `${store.latency.toFixed(1)} ms`,
          store.default ? 'default' : '',
        ]),
      ),
    );
  },
};

export const storeJobs: Command = {
  name: 'store jobs',
  group: 'administer',
  summary: "say how far an asset's bytes are on their way to another store",
  args: [{ name: 'NAME', description: 'the asset', completes: 'name' }],
  options: {},
  examples: [
    {
      line: 'asset store jobs genomes/lambda',
      does: 'its last moves and copies',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.listCopyJobs(await readName(args[0]), {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('Nothing was moved or copied.');
      return;
    }
    context.print(
      formatTable(
        items.map(job => [
          job.createdAt,
          job.mode,
          job.store,
          job.state,
          `${formatBytes(job.copiedBytes)} of ${formatBytes(job.totalBytes)}`,
          job.error ?? '',
        ]),
      ),
    );
  },
};
