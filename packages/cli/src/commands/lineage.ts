import type {
  Lineage,
  LineageEdge,
  LineageVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { day, formatEntity, printable } from '../lib/format';

const DEEPEST = 20;

export const lineage: Command = {
  name: 'lineage',
  group: 'look',
  summary: 'show what a version was made of, and what was made of it',
  details: [
    'Each step is a run that read one version and made another. What you may not see is not\nshown, and neither is what lies behind it.',
  ],
  args: [
    {
      name: 'REF',
      description: 'the version; the newest when none is named',
      completes: 'reference',
    },
  ],
  options: {
    upstream: { type: 'boolean', description: 'only what it was made of' },
    downstream: { type: 'boolean', description: 'only what was made of it' },
    depth: {
      type: 'string',
      value: 'N',
      description: 'runs from the version at most, 1 to 20; 5 when left out',
    },
  },
  examples: [
    {
      line: 'asset lineage models/basecaller@production --upstream',
      does: 'down to the raw data',
    },
    {
      line: 'asset lineage data/reads@12 --downstream --depth 20',
      does: 'all that a recall would concern',
    },
  ],
  async run(context, { args, options }) {
    const [upstream, downstream] = [
      options.flag('upstream'),
      options.flag('downstream'),
    ];
    if (upstream && downstream)
      throw new UsageError(
        '--upstream and --downstream leave nothing out together; give neither',
      );
    const depth = readDepth(options.text('depth'));
    const reference = await readReference(args[0]);
    if (reference.path !== undefined)
      throw new UsageError(
        `${args[0]} names a file, and lineage is of versions`,
      );
    const client = await context.client();
    const graph = await client.lineage.explore(reference, {
      direction:
        (upstream && 'upstream') || (downstream && 'downstream') || undefined,
      depth,
      signal: context.signal,
    });
    if (context.json) {
      context.printJson(graph);
      return;
    }
    const root = graph.versions.find(each => each.id === graph.root)!;
    context.print(context.paint('bold', nameOf(root)));
    if (!downstream)
      printSide(context.print.bind(context), graph, {
        title: 'made of',
        nothing: 'no inputs are recorded',
        near: 'output',
      });
    if (!upstream)
      printSide(context.print.bind(context), graph, {
        title: 'used for',
        nothing: 'nothing was made of it yet',
        near: 'input',
      });
    if (graph.truncated)
      context.note(
        depth === DEEPEST
          ? 'There is more than this shows.'
          : 'There is more than this shows; to go deeper: --depth 20',
      );
  },
};

function readDepth(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const depth = Number(text);
  if (!Number.isInteger(depth) || depth < 1 || depth > DEEPEST)
    throw new UsageError(`--depth is a number from 1 to ${DEEPEST}`);
  return depth;
}

function nameOf(version: LineageVersion): string {
  const { namespace, name, label, stage, retracted, deleted } = version;
  return [
    `${namespace}/${name}@${label}`,
    stage,
    retracted && 'retracted',
    deleted && 'deleted',
  ]
    .filter(Boolean)
    .join('  ');
}

/** Prints one side of the graph as a tree; what stands in it twice is followed once. */
function printSide(
  print: (line: string) => void,
  { root, versions, runs, edges }: Lineage,
  options: { title: string; nothing: string; near: LineageEdge['direction'] },
): void {
  const { near } = options;
  const byId = new Map(versions.map(version => [version.id, version]));
  const seen = new Set<string>();
  const lines: string[] = [];
  const visit = (id: string, indent: string) => {
    const here = edges.filter(
      edge => edge.version === id && edge.direction === near,
    );
    for (const runId of new Set(here.map(edge => edge.run))) {
      const run = runs.find(each => each.id === runId)!;
      const beyond = edges.filter(
        edge => edge.run === runId && edge.direction !== near,
      );
      lines.push(
        `${indent}${[
          printable(run.job ?? 'a run'),
          day(run.endedAt ?? run.recordedAt),
          `by ${formatEntity(run.onBehalfOf ?? run.recordedBy)}`,
          run.state === 'failed' ? 'failed' : '',
          run.id,
        ]
          .filter(Boolean)
          .join('  ')}`,
      );
      for (const edge of beyond) {
        const version = byId.get(edge.version)!;
        const again = seen.has(edge.version);
        lines.push(
          `${indent}  ${near === 'output' ? '←' : '→'} ${nameOf(version)}${
            edge.role ? `  (${printable(edge.role)})` : ''
          }${again ? '  see above' : ''}`,
        );
        if (again) continue;
        seen.add(edge.version);
        visit(edge.version, `${indent}    `);
      }
    }
  };
  seen.add(root);
  visit(root, '  ');
  print(`${options.title}:`);
  for (const line of lines.length > 0 ? lines : [`  ${options.nothing}`])
    print(line);
}
