import { parseBytes } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { countOf, formatAge, formatBytes, formatTable } from '../lib/format';

/** `20GiB` as bytes. */
function readSize(text: string): number {
  const size = parseBytes(text);
  if (size === undefined)
    throw new UsageError(
      `${JSON.stringify(text)} is no size; write it like 500MiB or 20GiB`,
    );
  return size;
}

export const cacheList: Command = {
  name: 'cache list',
  group: 'more',
  summary: 'say what the cache on this machine holds',
  args: [],
  options: {
    long: {
      type: 'boolean',
      short: 'l',
      description: 'one line for each blob',
    },
  },
  examples: [{ line: 'asset cache list', does: 'how much space it takes' }],
  async run(context, { options }) {
    const { CacheUpkeep, cacheDirectory } = await import(
      '@baseasset/client/node'
    );
    const directory = cacheDirectory(context.environment);
    const upkeep = new CacheUpkeep({ directory });
    const blobs = await upkeep.list();
    const begun = await upkeep.listBegun();
    const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
    if (context.json) {
      context.printJson({ directory, bytes, begun, items: blobs });
      return;
    }
    const now = Date.now();
    if (options.flag('long') && blobs.length > 0)
      context.print(
        formatTable(
          blobs.map(({ digest, size, usedAt }) => [
            digest,
            formatBytes(size),
            `used ${formatAge(usedAt, now)}`,
          ]),
        ),
      );
    context.print(
      `${directory} holds ${countOf(blobs.length, 'blob')}, ${formatBytes(
        bytes,
      )}${
        begun.count > 0
          ? `, and ${formatBytes(begun.bytes)} of ${countOf(
              begun.count,
              'blob',
            )} that the next pull goes on with`
          : ''
      }`,
    );
  },
};

export const cachePrune: Command = {
  name: 'cache prune',
  group: 'more',
  summary: 'make room: delete from the cache what was not used for longest',
  details: [
    'Folders that were pulled keep their files; what is pulled again is fetched again.',
  ],
  args: [],
  options: {
    to: {
      type: 'string',
      value: 'SIZE',
      description: 'how much may stay, e.g. 20GiB; nothing when left out',
    },
    'older-than': {
      type: 'string',
      value: 'DAYS',
      description: 'only what was not used for so many days',
    },
  },
  examples: [
    { line: 'asset cache prune --to 20GiB', does: 'keep the last 20 GiB' },
    { line: 'asset cache prune --older-than 30', does: 'forget what is old' },
  ],
  async run(context, { options }) {
    const days = Number(options.text('older-than') ?? 0);
    if (!(days >= 0)) throw new UsageError('--older-than has to be a number');
    const to = options.text('to');
    const { CacheUpkeep, cacheDirectory } = await import(
      '@baseasset/client/node'
    );
    const directory = cacheDirectory(context.environment);
    const pruned = await new CacheUpkeep({ directory }).prune({
      // Whoever gives an age alone wants all that is older gone.
      keepBytes: to === undefined ? 0 : readSize(to),
      unusedSince: new Date(Date.now() - days * 86_400_000),
    });
    if (context.json) context.printJson({ directory, ...pruned });
    else
      context.print(
        `Deleted ${countOf(pruned.blobs + pruned.begun, 'blob')}, ${formatBytes(
          pruned.bytes,
        )}`,
      );
  },
};

export const cacheVerify: Command = {
  name: 'cache verify',
  group: 'more',
  summary: 'hash what the cache holds, and throw away what is damaged',
  details: ['The exit code is 6 when something was damaged.'],
  args: [],
  options: {},
  examples: [{ line: 'asset cache verify', does: 'after a disk had trouble' }],
  async run(context) {
    const { CacheUpkeep, cacheDirectory } = await import(
      '@baseasset/client/node'
    );
    const directory = cacheDirectory(context.environment);
    const bar = context.progress();
    const { blobs, damaged } = await new CacheUpkeep({ directory }).verify({
      signal: context.signal,
      onBytes: (done, total) => bar.update('Verifying', done, total),
    });
    bar.clear();
    if (context.json) context.printJson({ directory, blobs, damaged });
    else context.print(`${countOf(blobs - damaged.length, 'blob')} match`);
    if (damaged.length > 0)
      throw new CommandError(
        EXIT.integrity,
        damaged.length === 1
          ? '1 blob was damaged, and is gone from the cache'
          : `${damaged.length} blobs were damaged, and are gone from the cache`,
        damaged.slice(0, 5),
      );
  },
};
