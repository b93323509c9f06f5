import type { AssetType } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import {
  FILE,
  formatSimulated,
  MAP_OPTION,
  readDocument,
  readMap,
  simulate,
  TYPE,
} from '../lib/assetTypeRules';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { day, formatEntity, formatTable, printable } from '../lib/format';

const stagesOf = ({ spec }: AssetType) =>
  spec.stages.map(stage => stage.name).join(' → ');

export const typeList: Command = {
  name: 'type list',
  group: 'look',
  summary: 'list the asset types of this portal',
  args: [],
  options: {},
  examples: [{ line: 'asset type list', does: 'with their stages' }],
  async run(context) {
    const client = await context.client();
    const items = await client.types.list({ signal: context.signal });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    context.print(
      formatTable([
        ['NAME', 'TITLE', 'REVISION', 'FROM', 'STAGES'],
        ...items.map(type => [
          type.name,
          printable(type.title),
          `${type.revision}`,
          type.source,
          stagesOf(type),
        ]),
      ]),
    );
  },
};

export const typeShow: Command = {
  name: 'type show',
  group: 'look',
  summary: 'print the rules of an asset type, as somebody wrote them',
  args: [TYPE],
  options: {
    revision: {
      type: 'string',
      value: 'NUMBER',
      description: 'what it said then; now when left out',
    },
    draft: {
      type: 'boolean',
      description: 'what it may say next, by the draft that waits',
    },
  },
  examples: [
    {
      line: 'asset type show ml-model > ml-model.yaml',
      does: 'to change it, and apply it',
    },
  ],
  async run(context, { args, options }) {
    const client = await context.client();
    const { signal } = context;
    const revision = readRevision(options.text('revision'));
    if (options.flag('draft') && revision !== undefined)
      throw new UsageError('a draft is no revision yet; give one of the two');
    const type = options.flag('draft')
      ? await client.types.getDraft(args[0], { signal })
      : await client.types.get(args[0], revision, { signal });
    if (context.json) context.printJson(type);
    else context.print(type.document.replace(/\n$/, ''));
  },
};

export const typeHistory: Command = {
  name: 'type history',
  group: 'look',
  summary: 'say how the rules of an asset type have changed, by whom and why',
  args: [TYPE],
  options: {},
  examples: [{ line: 'asset type history ml-model', does: 'newest first' }],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.types.listRevisions(args[0], {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    context.print(
      formatTable([
        ['REVISION', 'ON', 'BY', 'FROM', 'DIGEST', 'REASON'],
        ...items.map(revision => [
          `${revision.revision}`,
          day(revision.createdAt),
          revision.draftedBy
            ? `${formatEntity(revision.draftedBy)}, published by ${formatEntity(
                revision.createdBy,
              )}`
            : formatEntity(revision.createdBy),
          revision.source,
          revision.digest.slice(0, 19),
          printable(revision.reason ?? ''),
        ]),
      ]),
    );
  },
};

export const typeLint: Command = {
  name: 'type lint',
  group: 'govern',
  summary: 'say what keeps a document from being used as an asset type',
  args: [FILE],
  options: {},
  examples: [
    {
      line: 'asset type lint ml-model.yaml',
      does: 'each problem with its line',
    },
  ],
  async run(context, { args }) {
    const document = await readDocument(args[0]);
    const client = await context.client();
    const { problems } = await client.types.lint(document, {
      signal: context.signal,
    });
    if (context.json) context.printJson({ problems });
    else if (problems.length === 0) context.print(`${args[0]} can be applied`);
    else
      context.print(
        problems
          .map(
            ({ line, path, message }) =>
              `${args[0]}:${line ?? 1}: ${printable(
                `${path} ${message}`.trim(),
              )}`,
          )
          .join('\n'),
      );
    if (problems.length > 0)
      throw new CommandError(
        EXIT.failed,
        problems.length === 1
          ? 'there is a problem'
          : `there are ${problems.length} problems`,
      );
  },
};

export const typeSimulate: Command = {
  name: 'type simulate',
  group: 'govern',
  summary: 'say what a document would change for the versions that there are',
  details: [
    'Nothing is changed. It says which stages that versions stand in would be gone, how many\nopen requests would be void, and what versions would not meet any more. It takes an admin\nof the type.',
  ],
  args: [FILE],
  options: {},
  examples: [
    {
      line: 'asset type simulate ml-model.yaml',
      does: 'before it is applied',
    },
  ],
  async run(context, { args }) {
    const document = await readDocument(args[0]);
    const client = await context.client();
    const found = await simulate(context, client, document);
    if (context.json) context.printJson(found);
    else context.print(formatSimulated(found));
  },
};
export const typeApply: Command = {
  name: 'type apply',
  group: 'govern',
  summary: 'make a document the newest rules of its asset type',
  details: [
    'Every text that a type has had stays as a revision. What versions are already is not\nchanged; new ones are judged by the newest rules. It takes an admin of the type.',
  ],
  args: [FILE],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    expected: {
      type: 'string',
      value: 'NUMBER',
      description: 'refuse when there is a newer revision than this',
    },
    map: MAP_OPTION,
  },
  examples: [
    {
      line: 'asset type apply ml-model.yaml --reason "metrics are asked for"',
      does: 'nothing when it says what stands there',
    },
  ],
  async run(context, { args, options }) {
    const document = await readDocument(args[0]);
    const client = await context.client();
    const applied = await client.types.apply(
      {
        document,
        reason: options.text('reason'),
        expected: readRevision(options.text('expected')),
        stages: readMap(options.list('map')),
      },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(applied);
      return;
    }
    const { name, revision } = applied.type;
    context.print(
      applied.state === 'unchanged'
        ? `${name} says this already, as revision ${revision}`
        : `${name} is at revision ${revision}`,
    );
  },
};

function readRevision(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`'${text}' is no revision: they count up from 1`);
  return Number(text);
}
