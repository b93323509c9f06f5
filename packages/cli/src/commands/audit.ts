import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type {
  AssetName,
  AuditCheckpoint,
  AuditOutcome,
  Digest,
  RecordedAuditEvent,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command, Invocation } from '../Command';
import { readName } from '../lib/Context';
import { CommandError, EXIT, UsageError } from '../lib/exit';
import { countOf, formatEntity, formatTable, printable } from '../lib/format';

const OUTCOMES: readonly AuditOutcome[] = ['succeeded', 'denied'];
const PRESET_LIMIT = 50;

const sha256 = (text: string): Digest =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

export const auditList: Command = {
  name: 'audit list',
  group: 'look',
  summary: 'say who changed what, when and why, or tried to',
  details: [
    'Of an asset, for whoever may see it; of everything, for auditors. What has no number is\nnot in the chain yet, which takes some seconds.',
  ],
  args: [
    {
      name: 'NAME',
      description: 'an asset; everything when left out',
      optional: true,
      completes: 'name',
    },
  ],
  options: {
    actor: {
      type: 'string',
      value: 'WHO',
      description: 'of this person or service: maya, or service:ci',
    },
    action: {
      type: 'string',
      value: 'TEXT',
      description: 'that begin so: version, or version.moved',
    },
    outcome: {
      type: 'string',
      value: 'OUTCOME',
      description: 'succeeded or denied',
      choices: OUTCOMES,
    },
    since: {
      type: 'string',
      value: 'TIME',
      description: 'not before, in ISO 8601',
    },
    until: {
      type: 'string',
      value: 'TIME',
      description: 'before, in ISO 8601',
    },
    limit: {
      type: 'string',
      value: 'NUMBER',
      description: `so many, newest first; ${PRESET_LIMIT} when left out`,
    },
  },
  examples: [
    { line: 'asset audit list models/basecaller', does: 'of one asset' },
    {
      line: 'asset audit list --outcome denied --since 2026-03-01',
      does: 'who tried what they may not, for auditors',
    },
  ],
  async run(context, { args, options }) {
    const asset = args[0] === undefined ? undefined : await readName(args[0]);
    const client = await context.client();
    const items: RecordedAuditEvent[] = [];
    const limit = readLimit(options);
    let cursor: string | undefined;
    do {
      const page = await client.audit.list(queryOf(options, asset), {
        cursor,
        limit: Math.min(limit - items.length, 1000),
        signal: context.signal,
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined && items.length < limit);
    if (context.json) {
      context.printJson({ items });
      return;
    }
    if (items.length === 0) {
      context.note('Nothing was found.');
      return;
    }
    context.print(
      formatTable([
        ['NUMBER', 'AT', 'WHO', 'ACTION', 'OBJECT', 'CHANGE', 'WHY'],
        ...items.map(({ event, seal }) => [
          seal ? `${seal.sequence}` : '',
          event.at,
          formatEntity(event.actor) + (event.via ? ` via ${event.via}` : ''),
          event.outcome === 'denied' ? `denied: ${event.action}` : event.action,
          printable(event.object),
          printable(changeOf(event)),
          printable(event.reason ?? ''),
        ]),
      ]),
    );
  },
};

export const auditExport: Command = {
  name: 'audit export',
  group: 'administer',
  summary: 'write the whole audit trail to a file that can be verified offline',
  args: [{ name: 'FILE', description: 'a new file; - for the output' }],
  options: {},
  examples: [{ line: 'asset audit export trail.ndjson', does: 'for auditors' }],
  async run(context, { args: [file] }) {
    const client = await context.client();
    const lines = client.audit.export({ signal: context.signal });
    if (file === '-') {
      for await (const line of lines) context.print(line);
      return;
    }
    const handle = await open(file, 'wx', 0o600).catch(error => {
      throw new CommandError(
        EXIT.failed,
        (error as { code?: string }).code === 'EEXIST'
          ? `${file} is there already`
          : `${file} can't be written`,
      );
    });
    let events = 0;
    try {
      for await (const line of lines) {
        await handle.write(`${line}\n`);
        events += /^\{"kind":"(event|unsealed)"/.test(line) ? 1 : 0;
      }
    } finally {
      await handle.close();
    }
    if (context.json) context.printJson({ file, events });
    else context.print(`${file}  ${countOf(events, 'event')}`);
  },
};

export const auditVerify: Command = {
  name: 'audit verify',
  group: 'administer',
  summary: 'say whether an audit trail is intact',
  details: [
    'Reads an exported trail, or fetches the one of the portal, and verifies it here: that\nnothing was changed, removed, put in or cut off, and the signatures. An anchor is a\ncheckpoint that was kept elsewhere: it tells of a trail that was made anew as a whole.',
  ],
  args: [
    {
      name: 'FILE',
      description: 'an exported trail; the one of the portal when left out',
      optional: true,
    },
  ],
  options: {
    anchor: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      description: 'a checkpoint that was kept: asset audit checkpoint',
    },
    key: {
      type: 'string',
      value: 'KEY',
      description: 'the public key that has to have signed it',
    },
  },
  examples: [
    {
      line: 'asset audit verify trail.ndjson --anchor march.json',
      does: 'offline, against what was kept in March',
    },
  ],
  async run(context, { args: [file], options }) {
    const { verifyAudit } = await import('@baseasset/client');
    const anchors = await Promise.all(options.list('anchor').map(readAnchor));
    const lines =
      file === undefined
        ? (await context.client()).audit.export({ signal: context.signal })
        : await readLines(file);
    const found = await verifyAudit(lines, {
      anchors,
      publicKey: options.text('key'),
      digest: sha256,
    });
    if (context.json) {
      context.printJson(found);
    } else {
      context.print(
        `${countOf(found.sealed, 'event')} in the chain, ${
          found.unsealed
        } not sealed yet, ${countOf(found.checkpoints, 'signature')}`,
      );
      for (const key of found.keys) context.print(`  signed with ${key}`);
      if (found.head)
        context.print(`  ends with ${found.head.sequence} ${found.head.hash}`);
      for (const { sequence, message } of found.findings)
        context.print(
          `  ${sequence === undefined ? '' : `${sequence}: `}${printable(
            message,
          )}`,
        );
    }
    if (!found.intact)
      throw new CommandError(
        EXIT.integrity,
        `the audit trail is not intact: ${countOf(
          found.findings.length,
          'finding',
        )}`,
      );
    if (!context.json) context.print('intact');
  },
};

export const auditCheckpoint: Command = {
  name: 'audit checkpoint',
  group: 'administer',
  summary:
    'print a signature over how far the audit trail has come, to be kept elsewhere',
  details: [
    'Whoever owns the database could make the whole trail anew. Against a checkpoint that is\nkept where they can’t reach it, that is found: asset audit verify --anchor FILE.',
  ],
  args: [],
  options: {},
  examples: [
    {
      line: 'asset audit checkpoint > march.json',
      does: 'an anchor, for auditors',
    },
  ],
  async run(context) {
    const client = await context.client();
    const checkpoint = await client.audit.checkpoint({
      signal: context.signal,
    });
    if (!checkpoint)
      throw new CommandError(EXIT.notThere, 'there is no event yet');
    context.printJson(checkpoint);
  },
};

function queryOf(options: Invocation['options'], asset: AssetName | undefined) {
  const outcome = options.text('outcome');
  if (outcome !== undefined && !OUTCOMES.includes(outcome as AuditOutcome))
    throw new UsageError(`--outcome is ${OUTCOMES.join(' or ')}`);
  return {
    asset,
    actor: readActor(options.text('actor')),
    action: options.text('action'),
    outcome: outcome as AuditOutcome | undefined,
    since: options.text('since'),
    until: options.text('until'),
  };
}

/** `maya` and `user:maya` are the person; a service is named as it is. */
function readActor(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^(user|group|service):[^/]+$/.test(text))
    return text.replace(':', ':default/');
  return text.includes(':') ? text : `user:default/${text}`;
}

function readLimit(options: Invocation['options']): number {
  const text = options.text('limit') ?? `${PRESET_LIMIT}`;
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new UsageError(`--limit has to be a number, not '${text}'`);
  return limit;
}

/** What changed, in a few words. */
function changeOf({ old, new: now }: RecordedAuditEvent['event']): string {
  const text = (value: unknown) => {
    if (typeof value !== 'string') return JSON.stringify(value);
    return /^sha256:/.test(value) ? value.slice(0, 19) : value;
  };
  const keys = [
    ...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})]),
  ];
  return keys
    .filter(key => key !== 'payload' && key !== 'request')
    .map(key => {
      const [before, after] = [old?.[key], now?.[key]];
      if (before === undefined) return `${key} ${text(after)}`;
      return `${key} ${text(before)} → ${
        after === undefined ? '–' : text(after)
      }`;
    })
    .join(', ')
    .slice(0, 120);
}

async function readLines(file: string): Promise<AsyncIterable<string>> {
  await readable(
    file,
    open(file).then(handle => handle.close()),
  );
  return createInterface({
    input: createReadStream(file),
    crlfDelay: Infinity,
  });
}

async function readAnchor(file: string): Promise<AuditCheckpoint> {
  const text = await readable(file, readFile(file, 'utf8'));
  try {
    const anchor = JSON.parse(text);
    if (typeof anchor.sequence === 'number' && anchor.hash) return anchor;
  } catch {
    // The same sentence holds for what is no JSON.
  }
  throw new UsageError(`${file} is no checkpoint of an audit trail`);
}

async function readable<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch {
    throw new UsageError(`${file} can't be read`);
  }
}
