import type {
  AccessReason,
  Grant,
  GrantScope,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Command } from '../Command';
import { readReference, typed } from '../lib/Context';
import { UsageError } from '../lib/exit';
import { formatEntity, formatTable, printable } from '../lib/format';
import { END_OPTIONS, readEnd } from '../lib/readEnd';

const ROLE_CHOICES = [
  'reader',
  'contributor',
  'maintainer',
  'approver',
  'admin',
] as const;
const SCOPE_HELP = 'an asset, or namespace:NAME, type:NAME, everything';
const HEAD = ['ID', 'ROLE', 'WHO', 'WHERE', 'UNTIL', 'GIVEN BY', 'REASON'];

/** An asset's name, or a scope as the API writes it. */
async function readScope(text: string): Promise<GrantScope> {
  const { formatReference, parseReference, parseScope } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  return typed(() =>
    /^(everything$|(namespace|type|asset):(?!\/))/.test(text)
      ? parseScope(text)
      : parseScope(`asset:${formatReference(parseReference(text))}`),
  );
}

/** @throws UsageError for what is no role */
function readRole(text: string): Role {
  const role = ROLE_CHOICES.find(choice => choice === text);
  if (!role)
    throw new UsageError(
      `'${text}' is no role; there are ${ROLE_CHOICES.join(', ')}`,
    );
  return role;
}

function rowOf(grant: Grant): string[] {
  return [
    grant.id,
    grant.effect === 'deny' ? `not ${grant.role}` : grant.role,
    formatEntity(grant.principal),
    grant.scope,
    grant.expiresAt?.slice(0, 16).replace('T', ' ') ?? '',
    formatEntity(grant.createdBy),
    printable(grant.reason ?? ''),
  ];
}

export const accessList: Command = {
  name: 'access list',
  group: 'govern',
  summary: 'list who has access; for those who may give it',
  args: [{ name: 'SCOPE', description: SCOPE_HELP, completes: 'name' }],
  options: {},
  examples: [
    {
      line: 'asset access list models/basecaller',
      does: 'its owner, and all grants that hold for it',
    },
    { line: 'asset access list namespace:models', does: 'of all in it' },
  ],
  async run(context, { args }) {
    const scope = await readScope(args[0]);
    const { formatScope } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const client = await context.client();
    const { signal } = context;
    if (scope.kind !== 'asset') {
      const items = await client.access.listGrants(formatScope(scope), {
        signal,
      });
      if (context.json) context.printJson({ items });
      else if (items.length === 0) context.note('Nobody has a grant there.');
      else context.print(formatTable([HEAD, ...items.map(rowOf)]));
      return;
    }
    const access = await client.access.ofAsset(scope, { signal });
    if (context.json) {
      context.printJson(access);
      return;
    }
    context.print(
      `owned by ${formatEntity(access.owner)}, which maintains it; ${
        access.visibility
      }`,
    );
    if (access.grants.length > 0)
      context.print(formatTable([HEAD, ...access.grants.map(rowOf)]));
    else context.note('There are no grants.');
  },
};

export const accessGrant: Command = {
  name: 'access grant',
  group: 'govern',
  summary: 'give a role to a person or group, or deny it',
  details: [
    'A reader sees and downloads; a contributor pushes versions and sets aliases too; a\nmaintainer edits, deletes and gives access; an admin may do all of it and grant every\nrole. An approver approves, and reads. Denying a role denies those that include it, and\nwins over everything that allows.',
  ],
  args: [
    { name: 'SCOPE', description: SCOPE_HELP, completes: 'name' },
    { name: 'ROLE', description: ROLE_CHOICES.join(', ') },
    {
      name: 'WHO',
      description:
        'user:NAME, group:NAME or service:NAME; a group when none is said',
    },
  ],
  options: {
    ...END_OPTIONS,
    reason: { type: 'string', value: 'TEXT', description: 'why' },
    deny: { type: 'boolean', description: 'deny the role instead' },
  },
  examples: [
    {
      line: 'asset access grant models/basecaller reader team-genome --for 30d',
      does: 'a group may see and pull it for a month',
    },
    {
      line: 'asset access grant namespace:models contributor user:otto --deny',
      does: 'whatever his groups may, he does not push there',
    },
  ],
  async run(context, { args, options }) {
    const scope = await readScope(args[0]);
    const { formatScope } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const request = {
      scope: formatScope(scope),
      role: readRole(args[1]),
      principal: args[2],
      effect: options.flag('deny') ? ('deny' as const) : ('allow' as const),
      expiresAt: readEnd(options),
      reason: options.text('reason'),
    };
    const client = await context.client();
    const grant = await client.access.grant(request, {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson(grant);
      return;
    }
    context.print(formatTable([rowOf(grant)]));
    context.note(`  to take it back: asset access revoke ${grant.id}`);
  },
};

export const accessApply: Command = {
  name: 'access apply',
  group: 'govern',
  summary: 'give and end grants so that they are as a file says',
  details: [
    'The file names scopes, and of each the grants that are to be there: others of that scope\nend. Scopes that it does not name are left alone. So access can live in Git, and CI apply it.',
    'scopes:\n  models/basecaller:\n    - { role: reader, principal: team-genome, until: 2027-01-01, reason: the review }\n  namespace:models:\n    - { role: contributor, principal: service:nightly }\n    - { deny: contributor, principal: user:otto }',
  ],
  args: [{ name: 'FILE', description: 'YAML or JSON' }],
  options: {
    'dry-run': { type: 'boolean', description: 'say what would be done' },
  },
  examples: [
    {
      line: 'asset access apply access.yaml --dry-run',
      does: 'what differs from the file',
    },
    { line: 'asset access apply access.yaml', does: 'does it' },
  ],
  async run(context, { args, options }) {
    const { promises: fs } = await import('node:fs');
    const { parse } = await import('yaml');
    const { formatScope, ROLES } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const { readAccessFile, planGrants } = await import('../lib/accessFile');
    const text = await fs.readFile(args[0], 'utf8').catch(error => {
      throw new UsageError(`${args[0]} can't be read (${error.code})`);
    });
    const document = typed(() => parse(text));
    const names = new Map<string, string>();
    for (const name of Object.keys(document?.scopes ?? {}))
      names.set(name, formatScope(await readScope(name)));
    const wanted = readAccessFile(document, {
      readScope: name => names.get(name)!,
      roles: ROLES,
    });
    const client = await context.client();
    const { signal } = context;
    // All of it is looked at before any of it is done.
    const plans = [];
    for (const scope of wanted)
      plans.push(
        planGrants(
          scope,
          await client.access.listGrants(scope.scope, { signal }),
        ),
      );
    const create = plans.flatMap(plan => plan.create);
    const end = plans.flatMap(plan => plan.end);
    if (!options.flag('dry-run')) {
      for (const request of create)
        await client.access.grant(request, { signal });
      for (const { id } of end) await client.access.endGrant(id, { signal });
    }
    if (context.json) {
      context.printJson({ create, end, dryRun: options.flag('dry-run') });
      return;
    }
    const line = (
      sign: string,
      each: Pick<Grant, 'role' | 'principal' | 'scope'> & { effect?: string },
    ) =>
      `${sign} ${each.effect === 'deny' ? 'not ' : ''}${
        each.role
      } ${formatEntity(each.principal)} at ${each.scope}`;
    for (const each of create) context.print(line('+', each));
    for (const each of end) context.print(line('-', each));
    if (create.length + end.length === 0)
      context.note('All is as the file says.');
    else if (options.flag('dry-run')) context.note('Nothing was changed.');
  },
};

export const accessRevoke: Command = {
  name: 'access revoke',
  group: 'govern',
  summary: 'end a grant',
  args: [{ name: 'ID', description: 'as asset access list shows it' }],
  options: {},
  examples: [
    {
      line: 'asset access revoke 01jdq3xk6m0v8y2tgn5b7c9wze',
      does: 'ends it at once',
    },
  ],
  async run(context, { args }) {
    const client = await context.client();
    await client.access.endGrant(args[0], { signal: context.signal });
    if (context.json) context.printJson({ id: args[0] });
    else context.print(`Ended ${args[0]}`);
  },
};

function textOf(reason: AccessReason): string {
  switch (reason.kind) {
    case 'owner':
      return `${formatEntity(reason.owner)} owns it`;
    case 'visibility':
      return `it is ${reason.visibility}`;
    case 'administrator':
      return 'an administrator of this portal';
    default: {
      const { grant } = reason;
      return `${formatEntity(grant.principal)} is ${
        grant.effect === 'deny' ? 'denied' : 'granted'
      } ${grant.role} at ${grant.scope} (${grant.id})`;
    }
  }
}

export const accessExplain: Command = {
  name: 'access explain',
  group: 'govern',
  summary: 'say what somebody may do with an asset, and why',
  args: [
    { name: 'NAME', description: 'an asset', completes: 'name' },
    {
      name: 'WHO',
      description:
        'user:, group: or service:NAME, for those who may give access; you when left out',
      optional: true,
    },
  ],
  options: {},
  examples: [
    { line: 'asset access explain models/basecaller', does: 'for yourself' },
    {
      line: 'asset access explain models/basecaller user:otto',
      does: 'for somebody else',
    },
  ],
  async run(context, { args }) {
    const name = await readReference(args[0]);
    const client = await context.client();
    const answer = await client.access.explain(name, args[1], {
      signal: context.signal,
    });
    if (context.json) {
      context.printJson(answer);
      return;
    }
    const { verbText } = await import(
      '@baseasset/backstage-plugin-asset-manager-common'
    );
    const groups = answer.memberOf.map(formatEntity);
    context.print(
      `${formatEntity(answer.principal)}${
        groups.length > 0 ? `, of ${groups.join(', ')}` : ''
      }`,
    );
    const reasons = [
      ...answer.roles.map(each => [each.role, each.because] as const),
      ...answer.denied.map(each => [`not ${each.role}`, each.because] as const),
    ];
    context.print(
      reasons.length === 0
        ? 'no role here'
        : formatTable(
            reasons.map(([role, because]) => [
              role,
              because.map(textOf).join('; '),
            ]),
          ),
    );
    for (const [head, allowed] of [
      ['may', true],
      ['may not', false],
    ] as const) {
      const verbs = answer.verbs.filter(each => each.allowed === allowed);
      if (verbs.length > 0)
        context.print(
          `${head}: ${verbs.map(({ verb }) => verbText(verb)).join(', ')}`,
        );
    }
  },
};
