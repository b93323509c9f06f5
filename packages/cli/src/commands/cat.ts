import type { Command } from '../Command';
import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';
import type {
  AssetManagerClient,
  RemoteByteSourceOptions,
} from '@baseasset/client';
import { AS_OF_OPTION, readAsOf } from '../lib/asOf';
import { parseRange, WantedRange } from '../lib/byteRange';
import { readReference } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { warnAbout } from '../lib/warnAbout';

export const cat: Command = {
  name: 'cat',
  group: 'get',
  summary: 'write a file of a version to standard output',
  details: [
    'The bytes are verified while they pass; when they were wrong, the exit code is 6. A\nrange is verified before it is written, by the digests of its blocks.',
  ],
  args: [
    {
      name: 'REF',
      description: 'a file, e.g. genomes/lambda@3/lambda.fa',
      completes: 'reference',
    },
  ],
  options: {
    ...AS_OF_OPTION,
    range: {
      type: 'string',
      value: 'RANGE',
      description: 'some of the bytes: 0-1023, 1GiB+64KiB, 4096-',
    },
  },
  examples: [
    {
      line: 'asset cat genomes/lambda@3/lambda.fa | head -1',
      does: 'the first line of a file',
    },
    {
      line: 'asset cat models/basecaller@latest/weights.bin --range 4GiB+1KiB',
      does: 'a few bytes of a large file, verified without the rest of it',
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
    const { AssetManagerError, retry } = await import('@baseasset/client');
    const { releaseMemory } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const brokeOff = (cause?: unknown) =>
      new AssetManagerError({
        status: 0,
        message: `the connection broke off in the middle of ${JSON.stringify(
          path,
        )}`,
        cause,
      });
    const asked = options.text('range');
    const range = asked === undefined ? undefined : parseRange(asked);
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
      const write = async (bytes: Uint8Array, written?: () => void) => {
        if (!context.stdout.write(bytes, written)) {
          await new Promise(resolve => {
            context.stdout.once('drain', resolve);
          });
        }
      };
      const file = items.find(each => each.path === path);
      if (range && file) {
        const { signal } = context;
        await writeRange({
          client,
          version: fixed,
          file,
          range,
          write,
          signal,
        });
        return;
      }
      const hash = createHash('sha256');
      const url = await client.fileUrl(fixed, path);
      let at = 0;
      const readOn = async () => {
        const { signal } = context;
        const body = await transport.receive({ url, start: at, signal });
        try {
          for await (const chunk of body) {
            hash.update(chunk);
            at += chunk.length;
            await write(chunk, () => releaseMemory(chunk));
          }
        } catch (cause) {
          signal.throwIfAborted();
          // What broke off behind the last byte lost nothing.
          if (!file || at < file.size) throw brokeOff(cause);
        }
        if (file && at < file.size) throw brokeOff();
      };
      await retry(readOn, { signal: context.signal });
      const expected = file?.digest;
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

/** Bytes that are read, verified and written at once. */
const STEP = 8 * 1024 * 1024;

async function writeRange(options: {
  client: AssetManagerClient;
  version: RemoteByteSourceOptions['version'];
  file: AssetFile;
  range: WantedRange;
  write: (bytes: Uint8Array) => Promise<void>;
  signal: AbortSignal;
}): Promise<void> {
  const { file, range, write, signal } = options;
  const { IntegrityError, RemoteByteSource } = await import(
    '@baseasset/client'
  );
  if (range.start >= file.size) {
    throw new UsageError(
      `the range begins at byte ${range.start}, and the file has ${file.size}`,
    );
  }
  const source = new RemoteByteSource(options);
  const end =
    range.length === undefined
      ? file.size
      : Math.min(file.size, range.start + range.length);
  try {
    for (let at = range.start; at < end; at += STEP)
      await write(await source.read(at, Math.min(STEP, end - at), { signal }));
  } catch (error) {
    if (error instanceof IntegrityError)
      throw new CommandError(EXIT.integrity, error.message);
    throw error;
  }
}
