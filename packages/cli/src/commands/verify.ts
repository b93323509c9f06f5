import { existsSync } from 'node:fs';
import type { ManifestEntry } from '@baseasset/backstage-plugin-asset-manager-common';
import type { FolderDifference } from '@baseasset/client/node';
import type { Command } from '../Command';
import { Context, readReference } from '../lib/Context';
import { CommandError, EXIT } from '../lib/exit';
import { countOf, formatTable, printable } from '../lib/format';

async function verifyFolderAgainst(
  context: Context,
  target: string,
  against: string | undefined,
) {
  const { formatReference, buildManifest } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const { readReceipt, hashFile, scan, verifyFolder } = await import(
    '@baseasset/client/node'
  );
  const { cacheDirectory } = await import('@baseasset/client/node');
  const client = await context.client();
  const receipt = await readReceipt({
    cache: cacheDirectory(context.environment),
    folder: target,
  });
  if (!against && !receipt) {
    const { files } = await scan(target);
    const entries: ManifestEntry[] = [];
    for (const { path, size, location } of files) {
      const digest = await hashFile(location, { signal: context.signal });
      entries.push({ path, size, digest });
    }
    throw new CommandError(
      EXIT.usage,
      `nothing says which version ${target} should be; its own digest is ${
        buildManifest(entries).digest
      }`,
      [`name the version: asset verify ${target} NAME@VERSION`],
    );
  }
  const reference = against
    ? await readReference(against)
    : { ...receipt!, selector: receipt!.digest };
  const version = await client.getVersion(reference, {
    signal: context.signal,
  });
  const bar = context.progress();
  let read = 0;
  const entries = [];
  const manifest = client.entries(
    { ...reference, digest: version.digest },
    { signal: context.signal },
  );
  for await (const entry of manifest) entries.push(entry);
  const differences = await verifyFolder({
    target,
    entries,
    signal: context.signal,
    onBytes: bytes => {
      read += bytes;
      bar.update('Verifying', read, version.size);
    },
  });
  bar.clear();
  const { namespace, name } = reference;
  return {
    what: target,
    reference: formatReference({ namespace, name, selector: version.label }),
    version,
    differences,
  };
}

async function verifyStored(context: Context, text: string) {
  const { formatReference } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const { createHash } = await import('node:crypto');
  const { AssetManagerError, retry } = await import('@baseasset/client');
  const reference = await readReference(text);
  const client = await context.client();
  const version = await client.getVersion(reference, {
    signal: context.signal,
  });
  const transport = await (await context.session()).transport();
  const bar = context.progress();
  const differences: FolderDifference[] = [];
  const { signal } = context;
  let read = 0;
  const hashStored = async ({ path, size }: ManifestEntry) => {
    const hash = createHash('sha256');
    const url = await client.fileUrl(
      { ...reference, selector: version.digest },
      path,
    );
    const body = await transport.receive({ url, start: 0, signal });
    let came = 0;
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        came += chunk.length;
        bar.update('Verifying', read + came, version.size);
      }
    } catch (cause) {
      signal.throwIfAborted();
      if (came < size)
        throw new AssetManagerError({
          status: 0,
          message: `the connection broke off in the middle of ${JSON.stringify(
            path,
          )}`,
          cause,
        });
    }
    return `sha256:${hash.digest('hex')}`;
  };
  try {
    for await (const entry of client.entries(
      { ...reference, digest: version.digest },
      { signal },
    )) {
      const { path, size, digest: expected } = entry;
      const found = await retry(() => hashStored(entry), { signal }).catch(
        error => {
          // Its bytes are gone, or were found damaged before.
          if (error.status !== 404 && error.name !== 'IntegrityError')
            throw error;
          return undefined;
        },
      );
      read += size;
      if (found === undefined) differences.push({ kind: 'missing', path });
      else if (found !== expected)
        differences.push({ kind: 'changed', path, found, expected });
    }
  } finally {
    bar.clear();
    transport.close();
  }
  const { namespace, name } = reference;
  return {
    what: 'what is stored',
    reference: formatReference({ namespace, name, selector: version.label }),
    version,
    differences,
  };
}

export const verify: Command = {
  name: 'verify',
  group: 'get',
  summary: 'read every byte again and compare it with the manifest',
  details: [
    'Of a folder that was pulled, or that a second word names the version of; or of what the\nportal stores for a version. Exit code 6 when anything differs.',
  ],
  args: [
    {
      name: 'DIR|REF',
      description: 'a folder, or a version as it is stored',
      completes: 'reference',
    },
    {
      name: 'REF',
      completes: 'reference',
      description: 'the version that the folder should be',
      optional: true,
    },
  ],
  options: {},
  examples: [
    {
      line: 'asset verify ./model',
      does: 'is this folder still what was pulled?',
    },
    {
      line: 'asset verify ./model models/basecaller@4',
      does: 'is it version 4?',
    },
    {
      line: 'asset verify models/basecaller@4',
      does: 'is every byte in the store as it was pushed?',
    },
  ],
  async run(context, { args }) {
    const [target, against] = args;
    const isFolder =
      against !== undefined || /^[./~]/.test(target) || existsSync(target);
    const { what, reference, version, differences } = isFolder
      ? await verifyFolderAgainst(context, target, against)
      : await verifyStored(context, target);
    if (context.json) {
      context.printJson({
        target,
        reference,
        digest: version.digest,
        ok: differences.length === 0,
        differences,
      });
    } else if (differences.length === 0) {
      context.print(
        `${what} is ${reference}: ${countOf(version.fileCount, 'file')} match`,
      );
    } else {
      context.print(
        formatTable(
          differences.map(each => [
            `  ${each.kind}`,
            printable(each.path),
            each.kind === 'changed'
              ? `is ${each.found.slice(
                  0,
                  19,
                )}…, should be ${each.expected.slice(0, 19)}…`
              : '',
          ]),
        ),
      );
    }
    if (differences.length > 0) {
      throw new CommandError(EXIT.integrity, `${what} is not ${reference}`);
    }
  },
};
