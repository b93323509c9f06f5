import type { CheckStatus } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readReference } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { formatEntity, formatTable, printable } from '../lib/format';
import { readJsonObject } from '../lib/readJsonObject';

const STATUSES: readonly CheckStatus[] = ['passed', 'failed'];

export const check: Command = {
  name: 'check',
  group: 'govern',
  summary: 'record that a check of a version passed or failed',
  details: [
    'Gates read checks: the last one of a name counts, and all stay on record.\nThe evidence is a report in JSON of 256 KiB at most.',
  ],
  args: [
    {
      name: 'REF',
      description: 'the version, e.g. models/basecaller@4',
      completes: 'reference',
    },
  ],
  options: {
    name: { type: 'string', value: 'NAME', description: 'of the check' },
    status: {
      type: 'string',
      value: 'STATUS',
      description: 'passed or failed',
      choices: STATUSES,
    },
    summary: {
      type: 'string',
      value: 'TEXT',
      description: 'what came of it, in a line',
    },
    evidence: {
      type: 'string',
      value: 'FILE',
      description: 'the report that it rests on, as JSON; - for standard input',
    },
    url: {
      type: 'string',
      value: 'URL',
      description: 'where more is to be read',
    },
  },
  examples: [
    {
      line: 'asset check models/basecaller@4 --name accuracy --status passed --evidence report.json',
      does: 'from a pipeline, with the token of a service account',
    },
  ],
  async run(context, { args, options }) {
    const reference = await readReference(args[0]);
    if (reference.selector === undefined)
      throw new UsageError(`${JSON.stringify(args[0])} names no version`, [
        `for the newest one: asset check ${args[0]}@latest …`,
      ]);
    const [name, status] = [options.text('name'), options.text('status')];
    if (name === undefined || status === undefined)
      throw new UsageError('--name and --status have to say what came of what');
    if (!STATUSES.includes(status as CheckStatus))
      throw new UsageError(`--status is passed or failed, not '${status}'`);
    const file = options.text('evidence');
    const client = await context.client();
    const recorded = await client.lifecycle.recordCheck(
      reference,
      {
        name,
        status: status as CheckStatus,
        summary: options.text('summary'),
        evidence:
          file === undefined ? undefined : await readJsonObject(context, file),
        url: options.text('url'),
      },
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson(recorded);
      return;
    }
    context.print(
      `${reference.namespace}/${reference.name}@${recorded.label}  ${recorded.name} ${recorded.status}`,
    );
    if (recorded.evidenceDigest)
      context.note(`  evidence ${recorded.evidenceDigest}`);
  },
};

export const checks: Command = {
  name: 'checks',
  group: 'look',
  summary: 'list the checks that were recorded of a version',
  args: [
    {
      name: 'REF',
      description: 'the version; the newest when none is named',
      completes: 'reference',
    },
  ],
  options: {},
  examples: [
    { line: 'asset checks models/basecaller@4', does: 'newest first' },
  ],
  async run(context, { args }) {
    const client = await context.client();
    const items = await client.lifecycle.listChecks(
      await readReference(args[0]),
      { signal: context.signal },
    );
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('No check was recorded yet.');
      return;
    }
    context.print(
      formatTable([
        ['CHECK', 'STATUS', 'AT', 'BY', 'SUMMARY', 'EVIDENCE'],
        ...items.map(each => [
          printable(each.name),
          each.status,
          each.at,
          formatEntity(each.by),
          printable(each.summary ?? ''),
          each.evidenceDigest?.slice(0, 19) ?? printable(each.url ?? ''),
        ]),
      ]),
    );
  },
};
