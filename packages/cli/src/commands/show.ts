import type {
  AssetVersion,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { AS_OF_OPTION, readAsOf } from '../lib/asOf';
import { readReference } from '../lib/Context';
import {
  formatAge,
  formatBytes,
  formatEntity,
  formatTable,
  countOf,
  printable,
  day,
} from '../lib/format';

const SHOWN_VERSIONS = 5;

/** What a person should know of it; that all is well needs no line. */
const VERIFICATIONS: Record<Verification, string> = {
  verified: '',
  received: 'not yet: the bytes are being read where they are stored',
  damaged: 'no: bytes were damaged; pushing the same content again mends it',
};

function deletionOf({ deletion }: AssetVersion): string {
  if (!deletion) return '';
  const { at, by, reason, until } = deletion;
  return `on ${day(at)} by ${formatEntity(by)}${
    reason ? ` (${printable(reason)})` : ''
  }; ${
    until === undefined
      ? 'its bytes are gone'
      : `it can be brought back until ${day(until)}`
  }`;
}

/** What is said of a version in the place of its message. */
function stateOf({ deletion, retraction }: AssetVersion): string | undefined {
  if (deletion) return 'deleted';
  return retraction && 'retracted';
}

function retractionOf({ retraction }: AssetVersion): string {
  if (!retraction) return '';
  const { at, by, reason } = retraction;
  return `on ${day(at)} by ${formatEntity(by)}: ${printable(reason)}`;
}

export const show: Command = {
  name: 'show',
  group: 'look',
  summary: 'show an asset, or a version of it',
  args: [
    {
      name: 'REF',
      description: 'an asset, or a version of it',
      completes: 'reference',
    },
  ],
  options: AS_OF_OPTION,
  examples: [
    {
      line: 'asset show models/basecaller',
      does: 'the asset and its newest versions',
    },
    { line: 'asset show models/basecaller@champion', does: 'one version' },
    {
      line: 'asset show models/basecaller@production --as-of 2026-03-03T12:00:00Z',
      does: 'what was in production then',
    },
  ],
  async run(context, { args, options }) {
    const asOf = await readAsOf(options);
    const given = await readReference(args[0]);
    // The card has no past; its versions have.
    const reference =
      asOf === undefined
        ? given
        : { ...given, selector: given.selector ?? 'latest' };
    const { formatReference, shortDigest } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const client = await context.client();
    const { signal } = context;
    const now = Date.now();
    if (reference.selector !== undefined) {
      const version = await client.getVersion(reference, {
        asOf,
        signal,
      });
      if (context.json) {
        context.printJson({
          namespace: reference.namespace,
          name: reference.name,
          ...version,
        });
        return;
      }
      const facts: [string, string][] = [
        ['digest', version.digest],
        [
          'files',
          `${countOf(version.fileCount, 'file')}, ${formatBytes(version.size)}`,
        ],
        [
          'made',
          `${formatAge(version.createdAt, now)} by ${formatEntity(
            version.createdBy,
          )} (${version.createdAt})`,
        ],
        ['verified', VERIFICATIONS[version.verification]],
        ['deleted', deletionOf(version)],
        ['retracted', retractionOf(version)],
        ['message', printable(version.message ?? '')],
        ['stage', version.stage ?? ''],
        ['aliases', version.aliases.join(', ')],
        ...Object.entries(version.metadata).map(
          ([key, value]): [string, string] => [
            printable(key),
            printable(
              typeof value === 'string' ? value : JSON.stringify(value),
            ),
          ],
        ),
      ];
      context.print(
        `${context.paint(
          'bold',
          formatReference({
            ...reference,
            path: undefined,
            selector: version.label,
          }),
        )}${version.latest ? '  latest' : ''}`,
      );
      context.print(
        formatTable(
          facts
            .filter(([, value]) => value)
            .map(([key, value]) => [`  ${key}`, value]),
        ),
      );
      return;
    }
    const [asset, { items: versions }] = await Promise.all([
      client.getAsset(reference, { signal }),
      client.listVersions(reference, { limit: SHOWN_VERSIONS, signal }),
    ]);
    if (context.json) {
      context.printJson({ ...asset, versions });
      return;
    }
    context.print(
      formatTable([
        [
          context.paint('bold', formatReference(asset)),
          `${asset.type} · owned by ${formatEntity(asset.owner)} · ${
            asset.visibility
          }`,
        ],
      ]),
    );
    if (asset.title) context.print(printable(asset.title));
    if (asset.description) context.print(printable(asset.description));
    if (asset.tags.length > 0)
      context.print(context.paint('dim', asset.tags.join(' ')));
    const rows = versions.map(version => [
      `  ${version.latest ? 'latest' : ''}`,
      version.label,
      `${formatAge(version.createdAt, now)} by ${formatEntity(
        version.createdBy,
      )}`,
      shortDigest(version.digest),
      version.stage ?? '',
      stateOf(version) ?? printable(version.message ?? ''),
    ]);
    for (const alias of asset.aliases)
      rows.push([`  ${alias.name}`, alias.label, '', '', '', '']);
    if (rows.length > 0) context.print(formatTable(rows));
    context.print(
      asset.versionCount === 0
        ? `No version yet. To make one: asset push PATH ${formatReference(
            asset,
          )}`
        : `${countOf(asset.versionCount, 'version')}, ${formatBytes(
            asset.logicalSize,
          )}, stored in ${formatBytes(asset.storedSize)}`,
    );
    if (asset.declaration?.state === 'proposed') {
      context.note(
        `${asset.declaration.location} declares this asset, and waits for one of its owners`,
      );
      context.note(
        `  to let it: asset declaration accept ${formatReference(asset)}`,
      );
    }
  },
};
