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
import { confirm } from '../lib/confirm';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { day, formatEntity, printable } from '../lib/format';

export const typeDraft: Command = {
  name: 'type draft',
  group: 'govern',
  summary: 'keep a document as what its asset type may say next',
  details: [
    'It holds when it is published: by somebody else, where the type says fourEyes. A type has\none draft, and a later one takes its place. It takes an admin of the type.',
  ],
  args: [FILE],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why' },
  },
  examples: [
    {
      line: 'asset type draft ml-model.yaml --reason "metrics are asked for"',
      does: 'for somebody else to publish: asset type publish ml-model',
    },
  ],
  async run(context, { args, options }) {
    const document = await readDocument(args[0]);
    const client = await context.client();
    const { parse } = await import('yaml');
    const name = nameIn(parse, document);
    const draft = await client.types.saveDraft(
      name,
      { document, reason: options.text('reason') },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(draft);
      return;
    }
    context.print(
      `${draft.name} may follow revision ${
        draft.base
      } by this draft  ${draft.digest.slice(0, 19)}`,
    );
    if (draft.replaced)
      context.note(
        `  in the place of what ${formatEntity(
          draft.replaced.by,
        )} wrote on ${day(draft.replaced.at)}`,
      );
    context.note(
      draft.refusal
        ? `  somebody else publishes it: asset type publish ${draft.name}`
        : `  to make it hold: asset type publish ${draft.name}`,
    );
  },
};

export const typePublish: Command = {
  name: 'type publish',
  group: 'govern',
  summary: 'make the draft of an asset type its newest rules',
  details: [
    'It says first who wrote the draft, and what it would change for the versions that there\nare. Where the type says fourEyes, whoever wrote it does not publish it.',
  ],
  args: [TYPE],
  options: {
    map: MAP_OPTION,
    yes: { type: 'boolean', short: 'y', description: 'do not ask' },
  },
  examples: [
    {
      line: 'asset type publish ml-model',
      does: 'after a look at asset type show ml-model --draft',
    },
  ],
  async run(context, { args, options }) {
    const stages = readMap(options.list('map'));
    const client = await context.client();
    const { signal } = context;
    const draft = await client.types.getDraft(args[0], { signal });
    // The portal refuses it, and keeps that somebody tried.
    if (draft.refusal)
      await client.types.publishDraft(
        draft.name,
        { digest: draft.digest },
        { signal },
      );
    const found = await simulate(context, client, draft.document);
    context.note(
      `${formatEntity(draft.createdBy)} wrote it on ${day(draft.createdAt)}${
        draft.reason ? `: ${printable(draft.reason)}` : ''
      }`,
    );
    context.note(formatSimulated(found));
    if (
      !options.flag('yes') &&
      !(await confirm(context, `Publish the draft of ${draft.name}?`))
    )
      throw new CommandError(EXIT.failed, 'nothing was published');
    const applied = await client.types.publishDraft(
      draft.name,
      { digest: draft.digest, stages },
      { signal },
    );
    if (context.json) context.printJson(applied);
    else context.print(`${draft.name} is at revision ${applied.type.revision}`);
  },
};

export const typeDiscard: Command = {
  name: 'type discard',
  group: 'govern',
  summary: 'give the draft of an asset type up',
  args: [TYPE],
  options: {},
  examples: [{ line: 'asset type discard ml-model', does: 'nothing else' }],
  async run(context, { args }) {
    const client = await context.client();
    await client.types.discardDraft(args[0], { signal: context.signal });
    if (context.json) context.printJson({ name: args[0], draft: null });
    else context.print(`there is no draft of ${args[0]} any more`);
  },
};

/** Of which type a document is, whatever else is wrong with it. */
function nameIn(parse: (text: string) => unknown, document: string): string {
  try {
    const { metadata } = parse(document) as { metadata: { name: unknown } };
    if (typeof metadata.name === 'string') return metadata.name;
  } catch {
    // It says no name that could be read.
  }
  throw new UsageError('the document has no metadata.name', [
    'to see what is wrong with it: asset type lint FILE',
  ]);
}
