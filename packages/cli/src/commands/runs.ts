import type {
  RecordRunRequest,
  Run,
  RunVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import type { Context } from '../lib/Context';
import { formatEntity, formatTable, printable } from '../lib/format';
import { readJsonObject } from '../lib/readJsonObject';

export const runsRecord: Command = {
  name: 'runs record',
  group: 'publish',
  summary: 'write down a run, and which versions it read and made',
  details: [
    'The file is a JSON object with inputs and outputs, each {"ref": "data/reads@12", "role":\n"train"}, and what else is known: job, startedAt, endedAt, command, code {repository,\ncommit, dirty, entrypoint}, environment, parameters, metrics, onBehalfOf, id.',
    'An input or output is named by its label or digest, which mean one version for ever.\nWhat looks like a secret by its name is left out. Told again with the same id, nothing is\nwritten twice.',
  ],
  args: [
    { name: 'FILE', description: 'the run as JSON; - for standard input' },
  ],
  options: {},
  examples: [
    {
      line: 'asset runs record run.json',
      does: 'from a pipeline, when it has pushed what it made',
    },
  ],
  async run(context, { args }) {
    const request = await readJsonObject(context, args[0]);
    const client = await context.client();
    const run = await client.lineage.recordRun(
      request as unknown as RecordRunRequest,
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(run);
      return;
    }
    context.print(await formatRun(context, run));
    if (run.dropped)
      context.note(
        `  left out, since they look like secrets: ${printable(
          run.dropped.join(', '),
        )}`,
      );
  },
};

export const runsShow: Command = {
  name: 'runs show',
  group: 'look',
  summary:
    'show a run: what it read, what it made, with what code and parameters',
  args: [{ name: 'ID', description: 'as asset lineage prints it' }],
  options: {},
  examples: [
    {
      line: 'asset runs show 0199f2c1-9d1a-7c55-8e5e-2b6f0c3f6a10 --json | jq .parameters',
      does: 'what it was started with',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const run = await client.lineage.getRun(args[0], {
      signal: context.signal,
    });
    if (context.json) context.printJson(run);
    else context.print(await formatRun(context, run));
  },
};

/** Names and values of an object, one in a line. */
function formatValues(values: object | undefined): string {
  return Object.entries(values ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join('  ');
}

async function formatRun(context: Context, run: Run): Promise<string> {
  const { formatReference } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const versions = (direction: string, list: readonly RunVersion[]) =>
    list.map(each => [
      direction,
      [
        formatReference({ ...each, selector: each.label }),
        each.role && `(${printable(each.role)})`,
        each.confidence,
      ]
        .filter(Boolean)
        .join('  '),
    ]);
  const who = run.onBehalfOf
    ? `${formatEntity(run.recordedBy)} for ${formatEntity(run.onBehalfOf)}`
    : formatEntity(run.recordedBy);
  const facts: [string, string | undefined][] = [
    ['job', run.job],
    ['state', run.state],
    ['started', run.startedAt],
    ['ended', run.endedAt],
    ['by', who],
    ['command', run.command?.join(' ')],
    ['code', formatValues(run.code)],
    ['parameters', formatValues(run.parameters)],
    ['metrics', formatValues(run.metrics)],
    ['environment', formatValues(run.environment)],
  ];
  return [
    context.paint('bold', `run ${run.id}`),
    formatTable([
      ...facts
        .filter((fact): fact is [string, string] => Boolean(fact[1]))
        .map(([name, value]) => [name, printable(value)]),
      ...versions('read', run.inputs),
      ...versions('made', run.outputs),
    ]),
  ].join('\n');
}
