import type {
  FixityCheck,
  FixityFinding,
  FixityReport,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import type { Context } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { followJob } from '../lib/followJob';
import {
  countOf,
  formatBytes,
  formatEntity,
  formatTable,
  printable,
} from '../lib/format';

const OUTCOMES = {
  healed: 'healed from another copy',
  lost: 'there is no other copy; who pushes it again mends it',
  condemned: 'deleted after the grace',
  told: 'left as it is',
} as const;

/** @throws UsageError for what is no percentage */
function readPercent(text: string): number {
  const value = Number(/^(\d+(?:\.\d+)?)\s*%?$/.exec(text)?.[1]);
  if (!(value >= 0 && value <= 100))
    throw new UsageError(`--sample has to be a percentage, not '${text}'`, [
      'for example: --sample 10%',
    ]);
  return value;
}

function sampleOf(flag: boolean, text: string | undefined): number {
  if (text !== undefined) return readPercent(text);
  return flag ? 100 : 0;
}

/** Counts in a few words, e.g. `2 missing, healed; 1 damaged, lost`. */
function summaryOf(check: FixityCheck): string {
  if (check.found.length === 0) return 'all is well';
  return check.found
    .map(({ problem, outcome, count }) => `${count} ${problem}, ${outcome}`)
    .join('; ');
}

function rowOf(finding: FixityFinding): string[] {
  const { store, problem, outcome, asset, size, key } = finding;
  return [
    store,
    problem,
    outcome,
    asset === undefined ? '' : printable(asset),
    size === undefined ? '' : formatBytes(size),
    printable(key),
  ];
}

function printReport(context: Context, report: FixityReport): void {
  const { check, findings, truncated } = report;
  const read =
    check.readBytes > 0 ? `, ${formatBytes(check.readBytes)} read` : '';
  context.print(
    `${countOf(check.checkedObjects, 'object')} in ${check.stores.join(
      ', ',
    )}${read}: ${summaryOf(check)}`,
  );
  if (findings.length > 0) context.print(formatTable(findings.map(rowOf)));
  if (truncated) context.note('There are more than these.');
  for (const outcome of new Set(findings.map(each => each.outcome)))
    context.note(`${outcome}: ${OUTCOMES[outcome]}`);
}

/** @throws CommandError when something is lost, or the check could not be done */
function judge({ check }: FixityReport): void {
  if (check.state === 'failed')
    throw new CommandError(EXIT.failed, check.error ?? 'the check failed');
  const lost = check.found
    .filter(({ outcome }) => outcome === 'lost')
    .reduce((sum, { count }) => sum + count, 0);
  if (lost > 0)
    throw new CommandError(EXIT.failed, `${countOf(lost, 'blob')} lost`, [
      'whoever has the files mends them with another asset push',
    ]);
}

export const storeCheck: Command = {
  name: 'store check',
  group: 'administer',
  summary: 'look whether everything stands where it should; for operators',
  details: [
    'Looks for every blob and manifest page in its store, heals what is missing or damaged\nfrom another copy, and tells what nothing refers to. Exits with 1 when something is lost.',
    'The portal does the same every day, and reads a part of the bytes each time.',
  ],
  args: [],
  options: {
    store: {
      type: 'string',
      multiple: true,
      value: 'STORE',
      description: 'look into this store only; may be given several times',
    },
    'read-data': {
      type: 'boolean',
      description: 'read and hash all bytes, and do not only look for them',
    },
    sample: {
      type: 'string',
      value: 'N%',
      description:
        'read and hash a part of the bytes; the next check goes on where this one stops',
    },
    'collect-orphans': {
      type: 'boolean',
      description: 'have orphans of known assets deleted, after the grace',
    },
    detach: { type: 'boolean', description: 'do not wait until it is done' },
  },
  examples: [
    { line: 'asset store check', does: 'is everything there?' },
    {
      line: 'asset store check --sample 10%',
      does: 'and is a tenth of it what it should be?',
    },
    {
      line: 'asset store check --store bucket-eu --read-data',
      does: 'read all that one store has',
    },
  ],
  async run(context, { options }) {
    const stores = options.list('store');
    const sample = sampleOf(options.flag('read-data'), options.text('sample'));
    const client = await context.client();
    const begun = await client.createFixityCheck(
      {
        sample,
        condemnOrphans: options.flag('collect-orphans'),
        ...(stores.length > 0 && { stores }),
      },
      { signal: context.signal },
    );
    const toSee = `asset store checks ${begun.id}`;
    if (options.flag('detach')) {
      if (context.json) context.printJson({ check: begun });
      else context.print(`Begun; to see how far it is: ${toSee}`);
      return;
    }
    const ask = () =>
      client.getFixityReport(begun.id, { signal: context.signal });
    await followJob(context, begun, {
      doing: 'Checking',
      done: check => check.checkedObjects,
      total: check => check.totalObjects,
      unit: 'items',
      refresh: async () => (await ask()).check,
      toSee,
    });
    const report = await ask();
    if (context.json) context.printJson(report);
    else printReport(context, report);
    judge(report);
  },
};

export const storeChecks: Command = {
  name: 'store checks',
  group: 'administer',
  summary:
    'list the last checks of the stores, or what one found; for operators',
  args: [
    {
      name: 'ID',
      description: 'a check, as the list names it',
      optional: true,
    },
  ],
  options: {},
  examples: [
    { line: 'asset store checks', does: 'the last ones, with what they found' },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const [id] = args;
    if (id !== undefined) {
      const report = await client.getFixityReport(id, {
        signal: context.signal,
      });
      if (context.json) context.printJson(report);
      else printReport(context, report);
      return;
    }
    const items = await client.listFixityChecks({ signal: context.signal });
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('Nothing was checked yet.');
      return;
    }
    context.print(
      formatTable(
        items.map(check => [
          check.id,
          check.createdAt,
          formatEntity(check.createdBy),
          check.state,
          check.state === 'done' ? summaryOf(check) : check.error ?? '',
        ]),
      ),
    );
  },
};
