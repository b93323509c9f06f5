/** Every command, typed by people who may less and more: one table says what each is told. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../scripts/lib/tools.mjs';
import {
  folderOf,
  openPortal,
  personAt,
  temporaryFolder,
  tools,
} from './support.mjs';

/** Who types. */
const PERSONAS = [
  'nobody',
  'job',
  'stranger',
  'expired',
  'approver',
  'reader',
  'contributor',
  'maintainer',
  'admin',
  'owner',
  'operator',
];
const LADDER = ['reader', 'contributor', 'maintainer', 'admin'];

/** What a persona is told by a command that takes something. */
function expected(takes, persona) {
  if (takes === 'nothing') return 'done';
  if (persona === 'nobody') return 'signed out';
  if (takes === 'to be signed in') return 'done';
  if (takes === 'to be a person') return persona === 'job' ? 'refused' : 'done';
  if (takes === 'to be an operator')
    return persona === 'operator' ? 'done' : 'refused';
  if (takes === 'admin of the asset')
    return persona === 'admin' ? 'done' : 'refused';
  if (takes === 'admin of a type')
    return persona === 'admin' ? 'done' : 'refused';
  if (takes === 'to be an approver')
    return persona === 'approver' ? 'done' : 'refused';
  if (persona === 'owner') return 'done';
  const rank = persona === 'approver' ? 0 : LADDER.indexOf(persona);
  return LADDER.includes(takes) && rank >= LADDER.indexOf(takes)
    ? 'done'
    : 'refused';
}

const IT = 'matrix/it';
/** A version that waits for two approvals. */
const GATED = 'matrix/gated@1';
const GATED_TYPE = {
  'type.yaml': `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: gated }
spec:
  stages: [{ name: first, initial: true }, { name: live }]
  transitions:
    - from: [first]
      to: live
      gates:
        - { name: qa, kind: approvals, count: 2 }
        - { name: accuracy, kind: check, check: accuracy, waiver: approver }
`,
};
/** Sees to it that somebody has asked for it. */
const askForMove = ({ owner }) => owner.asset('promote', GATED, '--to', 'live');
const temporaryTarget = () => path.join(temporaryFolder('matrix'), 'out');
const GRANTS = {
  'access.yaml': `scopes:\n  ${IT}:\n    - { role: reader, principal: user:reader }\n`,
};

const TYPE = {
  'type.yaml': `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: matrix }
spec: { stages: [{ name: first, initial: true }] }
`,
};

let drafts = 0;
const DRAFT = {
  get 'type.yaml'() {
    return TYPE['type.yaml'].replace('first', `first-${drafts++}`);
  },
};
const draftRules = administrator =>
  administrator.ok('type', 'draft', path.join(folderOf(DRAFT), 'type.yaml'));

/** A run that made the first version, as a file. */
const runFile = () =>
  path.join(
    folderOf({
      'run.json': JSON.stringify({
        inputs: [],
        outputs: [{ ref: `${IT}@1` }],
      }),
    }),
    'run.json',
  );

/**
 * A row for each command: what it takes, the words after its name, and what stands
 * there before. Where what succeeds is not there, `found` is how that reads.
 */
const TABLE = {
  pull: { takes: 'reader', args: () => [IT, '-o', temporaryTarget()] },
  cat: { takes: 'reader', args: () => [`${IT}@1/a.txt`] },
  verify: { takes: 'reader', args: () => [`${IT}@1`] },
  push: {
    takes: 'contributor',
    args: () => [folderOf({ 'a.txt': 'again' }), IT],
    // Who does not see it is told how to make one of that name.
    mustSucceed: true,
  },
  create: {
    takes: 'to be signed in',
    args: () => ['matrix/made', '-t', 'nothing'],
  },
  edit: { takes: 'maintainer', args: () => [IT, '--title', 'It'] },
  'alias set': {
    takes: 'contributor',
    args: () => [`${IT}@2`, 'candidate'],
  },
  'alias remove': {
    takes: 'contributor',
    args: () => [IT, 'passing'],
    before: ({ owner }) => owner.ok('alias', 'set', `${IT}@2`, 'passing'),
  },
  delete: {
    takes: 'maintainer',
    args: () => [`${IT}@1`, '--yes'],
    before: ({ owner }) => owner.asset('undelete', `${IT}@1`),
  },
  undelete: {
    takes: 'maintainer',
    args: () => [`${IT}@1`],
    before: ({ owner }) => owner.asset('delete', `${IT}@1`, '--yes'),
    after: ({ owner }) => owner.asset('undelete', `${IT}@1`),
  },
  'declaration accept': {
    takes: 'to hand it over',
    args: () => [IT, 'url:nowhere'],
    found: /declar/,
  },
  'uploads list': { takes: 'to be signed in', args: () => [] },
  'uploads abort': {
    takes: 'to own it',
    args: world => [world.upload],
    before: async world => {
      const response = await world.owner.ask(`/assets/${IT}/uploads`, {
        digest: `sha256:${'a'.repeat(64)}`,
        fileCount: 1,
        size: 1,
      });
      world.upload = response.upload.id;
    },
  },
  list: { takes: 'to be signed in', args: () => [] },
  show: { takes: 'reader', args: () => [IT] },
  files: { takes: 'reader', args: () => [`${IT}@1`] },
  diff: { takes: 'reader', args: () => [`${IT}@1..2`] },
  'alias list': { takes: 'reader', args: () => [IT] },
  'alias history': { takes: 'reader', args: () => [IT] },
  'declaration list': { takes: 'reader', args: () => [IT] },
  'type list': { takes: 'to be signed in', args: () => [] },
  'type show': { takes: 'to be signed in', args: () => ['dataset'] },
  'type history': { takes: 'to be signed in', args: () => ['dataset'] },
  'type lint': {
    takes: 'to be signed in',
    args: () => [path.join(folderOf(TYPE), 'type.yaml')],
  },
  'type simulate': {
    takes: 'admin of a type',
    args: () => [path.join(folderOf(TYPE), 'type.yaml')],
  },
  'type apply': {
    takes: 'admin of a type',
    args: () => [path.join(folderOf(TYPE), 'type.yaml')],
  },
  'type draft': {
    takes: 'admin of a type',
    args: () => [path.join(folderOf(DRAFT), 'type.yaml')],
  },
  'type publish': {
    takes: 'admin of a type',
    args: () => ['matrix', '--yes'],
    before: ({ root: administrator }) => draftRules(administrator),
  },
  'type discard': {
    takes: 'admin of a type',
    args: () => ['matrix'],
    before: ({ root: administrator }) => draftRules(administrator),
  },
  open: { takes: 'reader', args: () => [IT, '--print'] },
  'stage show': { takes: 'reader', args: () => [`${IT}@1`] },
  'stage history': { takes: 'reader', args: () => [IT] },
  promote: {
    takes: 'maintainer',
    args: () => [`${IT}@2`, '--to', 'published'],
    // In turn: once somebody has moved it, nothing leads there any more.
    before: () => {},
  },
  approvals: { takes: 'to be signed in', args: () => [] },
  approve: {
    takes: 'to be an approver',
    args: () => [GATED, '--yes'],
    before: askForMove,
  },
  reject: {
    takes: 'to be an approver',
    args: () => [GATED, '--reason', 'no', '--yes'],
    before: askForMove,
  },
  waive: {
    takes: 'to be an approver',
    args: () => [GATED, '--gate', 'accuracy', '--reason', 'no', '--yes'],
    before: askForMove,
  },
  withdraw: {
    takes: 'maintainer',
    args: () => [GATED],
    before: askForMove,
  },
  check: {
    takes: 'contributor',
    args: () => [`${IT}@1`, '--name', 'accuracy', '--status', 'passed'],
  },
  checks: { takes: 'reader', args: () => [`${IT}@1`] },
  retract: {
    takes: 'maintainer',
    args: () => [`${IT}@1`, '--reason', 'wrong'],
    before: ({ owner }) => owner.asset('retract', `${IT}@1`, '--undo'),
    after: ({ owner }) => owner.asset('retract', `${IT}@1`, '--undo'),
  },
  hold: {
    takes: 'admin of the asset',
    args: () => [IT, '--reason', 'court'],
  },
  holds: { takes: 'reader', args: () => [IT] },
  unhold: {
    takes: 'admin of the asset',
    args: world => [IT, world.hold, '--reason', 'settled'],
    before: async world => {
      const placed = await world.root.json('hold', IT, '--reason', 'court');
      world.hold = placed.id;
    },
    after: async ({ root: administrator }) => {
      const { items } = await administrator.json('holds', IT);
      for (const { id } of items)
        await administrator.ok('unhold', IT, id, '--reason', 'done');
    },
  },
  lineage: { takes: 'reader', args: () => [`${IT}@1`] },
  'runs record': {
    takes: 'contributor',
    args: () => [runFile()],
  },
  'runs show': {
    takes: 'reader',
    args: world => [world.run],
    before: async world => {
      world.run = (await world.owner.json('runs', 'record', runFile())).id;
    },
  },
  'audit list': { takes: 'reader', args: () => [IT] },
  'audit export': { takes: 'to be an operator', args: () => ['-'] },
  'audit verify': { takes: 'to be an operator', args: () => [] },
  'audit checkpoint': { takes: 'to be an operator', args: () => [] },
  'webhook list': { takes: 'to be an operator', args: () => [] },
  'webhook resend': {
    takes: 'to be an operator',
    args: () => ['none', '1'],
    found: /no dead letter/,
  },
  'access list': { takes: 'maintainer', args: () => [IT] },
  'access grant': {
    takes: 'maintainer',
    args: () => [IT, 'reader', 'user:reader'],
  },
  'access revoke': {
    takes: 'maintainer',
    args: world => [world.grant],
    before: async world => {
      const { id } = await world.root.json(
        ...['access', 'grant', IT, 'reader', 'user:reader'],
      );
      world.grant = id;
    },
  },
  'access apply': {
    takes: 'maintainer',
    args: () => [path.join(folderOf(GRANTS), 'access.yaml'), '--dry-run'],
  },
  'access explain': { takes: 'reader', args: () => [IT] },
  'access request': {
    takes: 'to be a person',
    args: () => ['matrix/other', '--reason', 'why not'],
  },
  'access requests': { takes: 'to be signed in', args: () => [] },
  'access withdraw': {
    takes: 'to own it',
    args: world => [world.request],
    before: world => askForAccess(world, world.owner),
  },
  'access decide': {
    takes: 'maintainer',
    args: world => [world.request, '--decline'],
    before: world => askForAccess(world, world.asker),
  },
  'service-account list': { takes: 'to be signed in', args: () => [] },
  'service-account create': {
    takes: 'to be signed in',
    args: () => ['NOT-A-NAME'],
  },
  'service-account disable': {
    takes: 'to own it',
    args: () => ['idle'],
  },
  'service-account enable': { takes: 'to own it', args: () => ['idle'] },
  'service-token list': { takes: 'to own it', args: () => ['idle'] },
  'service-token create': { takes: 'to own it', args: () => ['idle'] },
  'service-token rotate': {
    takes: 'to own it',
    args: world => ['idle', world.token],
    before: makeToken,
  },
  'service-token revoke': {
    takes: 'to own it',
    args: world => ['idle', world.token],
    before: makeToken,
  },
  'service-federation list': { takes: 'to own it', args: () => ['idle'] },
  'service-federation create': {
    takes: 'to own it',
    args: () => ['idle', '--claim', 'sub=job'],
  },
  'service-federation revoke': {
    takes: 'to own it',
    args: world => ['idle', world.federation],
    before: async world => {
      const made = await world.owner.json(
        ...['service-federation', 'create', 'idle', '--claim', 'sub=job'],
      );
      world.federation = made.id;
    },
  },
  move: { takes: 'maintainer', args: () => [IT, '--to', 'local', '--detach'] },
  replicate: {
    takes: 'maintainer',
    args: () => [IT, '--to', 'local', '--detach'],
  },
  'store jobs': { takes: 'maintainer', args: () => [IT] },
  'store list': { takes: 'to be signed in', args: () => [] },
  'store usage': { takes: 'to be an operator', args: () => [] },
  'store check': { takes: 'to be an operator', args: () => [] },
  'store checks': { takes: 'to be an operator', args: () => [] },
  'store rebuild': { takes: 'to be an operator', args: () => ['--dry-run'] },
  doctor: { takes: 'to be an operator', args: () => [] },
  gc: { takes: 'to be an operator', args: () => ['--dry-run'] },
  whoami: { takes: 'to be signed in', args: () => [] },
  // They have signed in before, or they would be nobody.
  login: { takes: 'nothing', args: () => ['--help'] },
  logout: { takes: 'nothing', args: () => ['--help'] },
  'cache list': { takes: 'nothing', args: () => [] },
  'cache prune': { takes: 'nothing', args: () => ['--max-size', '1GiB'] },
  'cache verify': { takes: 'nothing', args: () => [] },
  completion: { takes: 'nothing', args: () => ['bash'] },
};

async function askForAccess(world, asker) {
  const made = await asker.json(
    ...['access', 'request', IT, '--reason', 'to look'],
  );
  world.request = made.id;
}

async function makeToken(world) {
  const made = await world.owner.json('service-token', 'create', 'idle');
  world.token = made.id;
}

/** People, a team that owns, and somebody who may give roles. */
function organisation() {
  const entity = (kind, name, spec) =>
    JSON.stringify({
      apiVersion: 'backstage.io/v1alpha1',
      kind,
      metadata: { name },
      spec,
    });
  return folderOf({
    'org.yaml': [
      entity('Group', 'team', { type: 'team', children: [] }),
      ...[...PERSONAS, 'root', 'asker'].map(name =>
        entity('User', name, { memberOf: name === 'owner' ? ['team'] : [] }),
      ),
    ].join('\n---\n'),
  });
}

function toldBy({ code, stderr }, { found, mustSucceed }) {
  if (code === 3) return 'signed out';
  if (mustSucceed) return code === 0 ? 'done' : 'refused';
  if (code !== 4) return 'done';
  return found?.test(stderr) ? 'done' : 'refused';
}

describe('each command', () => {
  let portal;
  const people = {};
  const world = {};

  before(async () => {
    portal = await openPortal({
      configuration: {
        auth: {
          providers: { demo: { people: [...PERSONAS, 'root', 'asker'] } },
        },
        assetManager: {
          administrators: ['user:default/root'],
          operators: ['user:default/operator'],
          auditors: ['user:default/operator'],
          federation: { issuers: ['https://ci.example.org'] },
        },
        catalog: {
          locations: [
            {
              type: 'file',
              target: path.join(organisation(), 'org.yaml'),
              rules: [{ allow: ['Group', 'User'] }],
            },
          ],
        },
      },
    });
    for (const name of [...PERSONAS, 'root', 'asker'])
      people[name] = personAt(portal, name);
    const signing = Object.values(people).filter(
      ({ name }) => !['nobody', 'job'].includes(name),
    );
    for (const person of signing) await person.signIn();
    const { owner, root: administrator, asker, job } = people;
    owner.ask = async (url, body) => {
      const response = await fetch(`${portal.url}/api/asset-manager${url}`, {
        method: 'POST',
        headers: { ...owner.headers(), 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return response.json();
    };
    Object.assign(world, { owner, root: administrator, asker });
    await owner.ok(
      ...['push', folderOf({ 'a.txt': 'first' }), IT, '--type', 'generic'],
      ...['--visibility', 'restricted'],
    );
    await owner.ok('push', folderOf({ 'a.txt': 'again' }), IT);
    await administrator.ok(
      ...['type', 'apply', path.join(folderOf(GATED_TYPE), 'type.yaml')],
    );
    await owner.ok(
      ...['push', folderOf({ 'a.txt': 'gated' }), 'matrix/gated'],
      ...['--type', 'gated', '--visibility', 'restricted'],
    );
    for (const role of ['approver', ...LADDER])
      await administrator.ok(
        ...['access', 'grant', 'namespace:matrix', role, `user:${role}`],
      );
    await administrator.ok(
      ...['access', 'grant', 'namespace:matrix', 'admin', 'user:expired'],
      ...['--until', new Date(Date.now() + 1000).toISOString()],
    );
    await administrator.ok(
      ...['access', 'grant', 'type:matrix', 'admin', 'user:admin'],
    );
    for (const name of ['idle', 'job'])
      await owner.ok('service-account', 'create', name);
    const { token } = await owner.json('service-token', 'create', 'job');
    job.env.ASSET_TOKEN = token;
    await new Promise(resolve => setTimeout(resolve, 1200));
  });

  after(() => portal?.close());

  it('has a row in the table, and each row is a command', () => {
    const help = execFileSync(
      tools.node,
      [path.join(root, 'packages/cli/bin/asset.cjs'), '--help'],
      { encoding: 'utf8' },
    );
    const names = [...help.matchAll(/^ {2}([a-z-]+(?: [a-z]+)?) {2,}\S/gm)];
    assert.deepEqual(
      names.map(([, name]) => name).sort(),
      Object.keys(TABLE).sort(),
    );
  });

  for (const [name, row] of Object.entries(TABLE)) {
    it(`${name}: takes ${row.takes === 'nothing' ? '' : 'a '}${
      row.takes
    }`, async () => {
      const told = {};
      const say = async persona => {
        const result = await people[persona].asset(
          ...name.split(' '),
          ...row.args(world),
        );
        told[persona] = toldBy(result, row);
      };
      if (row.before) {
        for (const persona of PERSONAS) {
          await row.before(world);
          await say(persona);
        }
      } else {
        await Promise.all(PERSONAS.map(say));
      }
      await row.after?.(world);
      assert.deepEqual(
        told,
        Object.fromEntries(
          PERSONAS.map(persona => [
            persona,
            row.takes === 'to hand it over' && persona === 'admin'
              ? 'done'
              : expected(row.takes, persona),
          ]),
        ),
      );
    });
  }
});
