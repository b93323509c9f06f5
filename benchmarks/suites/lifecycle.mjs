/** What governing costs: moving a version through its gates, proving the audit trail, trying out rules. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { folderOf, openPortal, personAt } from '../../e2e/support.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import { median, newFolder, ratio, seconds } from '../measure.mjs';
import { withPostgres } from '../servers.mjs';

const MOVES = 40;
const EVENTS = 200_000;
const VERSIONS = 100_000;

const require = createRequire(
  path.join(root, 'plugins/asset-manager-backend/package.json'),
);
const knex = require('knex');
const canonicalize = require('canonicalize');

const NOW = '2026-01-01T00:00:00.000Z';
const TYPE = (expression, name = 'bench') => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: ${name} }
spec:
  stages: [{ name: draft, initial: true }, { name: live }]
  transitions:
    - from: [draft]
      to: live
      gates:
        - { name: fit, kind: cel, expression: '${expression}' }
        - { name: qa, kind: approvals }
`;
const ms = value => `${(value * 1000).toFixed(1)} ms`;
const hex = text => createHash('sha256').update(text).digest('hex');

/** A portal with somebody who pushes, and somebody who approves. */
async function openOffice(database) {
  const portal = await openPortal({
    configuration: {
      ...(database && { backend: { database } }),
      assetManager: {
        validateResponses: false,
        auditors: ['user:default/lin'],
        catalog: { reconcileInterval: { hours: 6 } },
      },
    },
  });
  const people = {};
  for (const name of ['maya', 'otto', 'lin']) {
    people[name] = personAt(portal, name);
    await people[name].signIn();
  }
  const { lin } = people;
  const document = folderOf({ 'type.yaml': TYPE('version.size > 0') });
  await lin.ok('type', 'apply', path.join(document, 'type.yaml'));
  await lin.ok('access', 'grant', 'everything', 'approver', 'user:otto');
  return { portal, people };
}

/** Seconds for an approval that moves a version, by which all of its gates are judged anew. */
async function timeMoves({ portal, people }) {
  const { maya, otto } = people;
  const send = async (person, url, body) => {
    const response = await fetch(`${portal.url}/api/asset-manager${url}`, {
      method: 'POST',
      headers: { ...person.headers(), 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  const times = [];
  for (let index = 0; index < MOVES; index++) {
    const name = `bench/move-${index}`;
    await maya.ok('push', folderOf({ 'a.txt': name }), name, '-t', 'bench');
    const { request } = await send(
      maya,
      `/assets/${name}/versions/1/transitions`,
      { to: 'live' },
    );
    const { id, payload } = request;
    times.push(
      await seconds(async () => {
        const { state } = await send(
          otto,
          `/transition-requests/${id}/decisions`,
          { decision: 'approve', payload },
        );
        if (state !== 'moved') throw new Error(`it is ${state}`);
      }),
    );
  }
  return median(times);
}

/** A trail of many events, sealed as the portal does it, in a file of its own. */
function writeTrail(file) {
  const out = fs.openSync(file, 'w');
  const line = value => fs.writeSync(out, `${JSON.stringify(value)}\n`);
  line({ kind: 'begin', format: 'baseasset-audit/1', exportedAt: NOW });
  let hash = `sha256:${'0'.repeat(64)}`;
  for (let sequence = 1; sequence <= EVENTS; sequence++) {
    const event = {
      id: `bench${sequence}`,
      at: NOW,
      actor: 'user:default/maya',
      action: 'version.moved',
      outcome: 'succeeded',
      object: `models/basecaller-${sequence % 1000}@${sequence}`,
      digest: `sha256:${hex(`${sequence}`)}`,
      old: { stage: 'certified' },
      new: { stage: 'production' },
      reason: 'met the criteria of protocol 12',
      rules: { type: 'ml-model', revision: 3 },
      request: 'POST /assets/models/basecaller/versions/4/transitions',
    };
    hash = `sha256:${hex(`${sequence}\n${hash}\n${canonicalize(event)}`)}`;
    const sealed = { kind: 'event', sequence, hash, sealedAt: NOW };
    // As an export has it: the event last, as canonical JSON.
    line({ ...sealed, event: JSON.parse(canonicalize(event)) });
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const text = `baseasset-audit/1\n${EVENTS}\n${hash}\n${NOW}\n`;
  line({
    kind: 'checkpoint',
    sequence: EVENTS,
    hash,
    at: NOW,
    publicKey: publicKey
      .export({ type: 'spki', format: 'der' })
      .toString('base64'),
    signature: sign(null, Buffer.from(text), privateKey).toString('base64'),
  });
  line({ kind: 'end', events: EVENTS });
  fs.closeSync(out);
}

/** Versions that stand in a stage, as if they had been pushed and moved. */
async function fill(database) {
  const asset = id => ({
    uid: `bench-${id}`,
    namespace: 'many',
    name: `asset-${id}`,
    key: `many/asset-${id}`,
    type: 'bench',
    owner: 'group:default/team-signal',
    visibility: 'internal',
    tags: '[]',
    relations: '{"derivedFrom":[],"producedBy":[],"consumedBy":[]}',
    revision: 1,
    created_at: NOW,
    created_by: 'user:default/maya',
    updated_at: NOW,
  });
  const each = 100;
  for (let start = 0; start < VERSIONS; start += each) {
    const [{ id }] = await database('assets')
      .insert(asset(start))
      .returning('id');
    const versions = await database('versions')
      .insert(
        Array.from({ length: each }, (_, index) => ({
          asset_id: id,
          sequence: index + 1,
          label: `${index + 1}`,
          digest: `sha256:${hex(`${start + index}`)}`,
          file_count: 1,
          size: 1 + (index % 50),
          metadata: '{"license":"MIT"}',
          verification: 'verified',
          created_at: NOW,
          created_by: 'user:default/maya',
        })),
      )
      .returning('id');
    await database('transitions').insert(
      versions.map(version => ({
        asset_id: id,
        version_id: version.id,
        sequence: 1,
        from_stage: 'draft',
        to_stage: 'live',
        type: 'bench',
        type_revision: 1,
        at: NOW,
        by: 'user:default/maya',
      })),
    );
  }
}

export async function run(report) {
  report.part('Life cycle and audit trail');
  const office = await openOffice();
  try {
    report.row(
      'an approval that judges two gates anew and moves the version, SQLite',
      ms(await timeMoves(office)),
      'under 150 ms',
    );
    const database = knex({
      client: 'better-sqlite3',
      connection: {
        filename: path.join(
          office.portal.dataDirectory,
          'database/asset-manager.sqlite',
        ),
      },
      useNullAsDefault: true,
    });
    try {
      await fill(database);
    } finally {
      await database.destroy();
    }
    const { lin } = office.people;
    const rules = folderOf({ 'type.yaml': TYPE('version.size > 25') });
    let found;
    const tried = await seconds(async () => {
      const { stdout, stderr } = await lin.start(
        ['type', 'simulate', path.join(rules, 'type.yaml'), '--json'],
        { timeout: 600_000 },
      ).ended;
      if (!stdout) throw new Error(stderr);
      found = JSON.parse(stdout);
    });
    const [failure] = found.failures;
    report.row(
      `other rules tried out over ${found.versions} versions, of which ${failure.versions} would fail an expression`,
      `${tried.toFixed(1)} s`,
      'under 60 s',
    );

    const file = newFolder('trail');
    writeTrail(file);
    const verified = await seconds(() => lin.ok('audit', 'verify', file));
    const hashed = await seconds(() => {
      for (const line of fs.readFileSync(file, 'utf8').split('\n')) hex(line);
    });
    report.row(
      `asset audit verify of ${EVENTS} events, offline`,
      `${Math.round(EVENTS / verified).toLocaleString(
        'en-US',
      )} events a second; ${ratio(verified, hashed)} hashing each line`,
      'above 100,000 a second',
    );
  } finally {
    await office.portal.close();
  }
  await withPostgres(async database => {
    const other = await openOffice(database);
    try {
      report.row(
        'the same approval, PostgreSQL',
        ms(await timeMoves(other)),
        'under 150 ms',
      );
    } finally {
      await other.portal.close();
    }
  });
}
