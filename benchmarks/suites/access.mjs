/** What rules of access cost: a list among many assets and grants, and one decision. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { openPortal, personAt, until } from '../../e2e/support.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import { median, newFolder, ratio, seconds } from '../measure.mjs';
import { withPostgres } from '../servers.mjs';

const ASSETS = 100_000;
const GRANTS = 10_000;
const GROUPS = 200;
const RUNS = 40;

const require = createRequire(
  path.join(root, 'plugins/asset-manager-backend/package.json'),
);
const knex = require('knex');

const NOW = '2026-01-01T00:00:00.000Z';

/** A person who is a member of many groups, and an administrator. */
function organisation() {
  const folder = newFolder('org');
  fs.mkdirSync(folder, { recursive: true });
  const entity = (kind, name, spec) =>
    JSON.stringify({
      apiVersion: 'backstage.io/v1alpha1',
      kind,
      metadata: { name },
      spec,
    });
  const groups = Array.from({ length: GROUPS }, (_, index) => `g${index}`);
  const file = path.join(folder, 'org.yaml');
  fs.writeFileSync(
    file,
    [
      ...groups.map(name =>
        entity('Group', name, { type: 'team', children: [] }),
      ),
      entity('User', 'maya', { memberOf: groups }),
      entity('User', 'lin', { memberOf: [] }),
    ].join('\n---\n'),
  );
  return file;
}

/** Nine of ten assets are others' and restricted; a tenth of the grants are the person's groups'. */
async function fill(database) {
  for (let start = 0; start < ASSETS; start += 500) {
    await database('assets').insert(
      Array.from({ length: 500 }, (_, offset) => {
        const id = start + offset;
        return {
          uid: `bench-${id}`,
          namespace: `n${id % 1000}`,
          name: `asset-${id}`,
          key: `n${id % 1000}/asset-${id}`,
          type: 'dataset',
          owner: `group:default/other-${id % 500}`,
          visibility: id % 10 === 0 ? 'internal' : 'restricted',
          tags: '[]',
          relations: '{"derivedFrom":[],"producedBy":[],"consumedBy":[]}',
          revision: 1,
          created_at: NOW,
          created_by: 'user:default/lin',
          updated_at: new Date(Date.parse(NOW) + id * 1000).toISOString(),
        };
      }),
    );
  }
  const [{ first: lowest }] = await database('assets').min('id as first');
  const first = Number(lowest);
  for (let start = 0; start < GRANTS; start += 500) {
    await database('grants').insert(
      Array.from({ length: 500 }, (_, offset) => {
        const number = start + offset;
        const isOwn = number % 10 === 0;
        return {
          id: `bench${`${number}`.padStart(21, '0')}`,
          effect: number % 50 === 0 ? 'deny' : 'allow',
          role: 'reader',
          principal: `group:default/${isOwn ? 'g' : 'other-'}${number % 200}`,
          scope_kind: 'asset',
          asset_id: first + ((number * 7) % ASSETS),
          created_at: NOW,
          created_by: 'user:default/lin',
        };
      }),
    );
  }
}

export async function run(report) {
  report.part(
    `Access: ${ASSETS} assets, ${GRANTS} grants, a person in ${GROUPS} groups`,
  );
  await measure(report, 'SQLite', undefined, portal => ({
    client: 'better-sqlite3',
    connection: {
      filename: path.join(
        portal.dataDirectory,
        'database/asset-manager.sqlite',
      ),
    },
    useNullAsDefault: true,
  }));
  await withPostgres(database =>
    measure(report, 'PostgreSQL', database, () => ({
      ...database,
      connection: {
        ...database.connection,
        database: 'backstage_plugin_asset-manager',
      },
    })),
  );
}

async function measure(report, engine, backendDatabase, ownDatabase) {
  const portal = await openPortal({
    configuration: {
      ...(backendDatabase && { backend: { database: backendDatabase } }),
      assetManager: {
        validateResponses: false,
        catalog: { reconcileInterval: { hours: 6 } },
      },
      catalog: {
        locations: [
          {
            type: 'file',
            target: organisation(),
            rules: [{ allow: ['Group', 'User'] }],
          },
        ],
      },
    },
  });
  const database = knex(ownDatabase(portal));
  try {
    const maya = personAt(portal, 'maya');
    const lin = personAt(portal, 'lin');
    await maya.signIn();
    await lin.signIn();
    await until(
      async () =>
        (await maya.json('whoami')).ownershipEntityRefs.length > GROUPS,
      'the groups of the person',
    );
    await fill(database);
    // What PostgreSQL does by itself within a minute.
    await database.raw('analyze');
    const ask = (person, url) => {
      return async () => {
        const response = await fetch(`${portal.url}/api/asset-manager/${url}`, {
          headers: person.headers(),
        });
        const body = await response.text();
        if (!response.ok) throw new Error(body);
        return body;
      };
    };
    /** Both in turn, so that whatever else the machine does hits both. */
    const compare = async (one, other) => {
      const times = [[], []];
      for (let turn = 0; turn < RUNS; turn++) {
        times[0].push(await seconds(one));
        times[1].push(await seconds(other));
      }
      return times.map(median);
    };
    const ms = value => `${(value * 1000).toFixed(1)} ms`;
    const list = 'assets?limit=50';
    const [ruled, bare] = await compare(ask(maya, list), ask(lin, list));
    report.row(
      `list of 50, against an administrator, for whom no rule is asked, ${engine}`,
      `${ratio(ruled, bare)}, ${ms(ruled)}`,
      'within 1.3 ×',
    );
    const one = 'assets/n10/asset-10';
    const [shown, plain] = await compare(ask(maya, one), ask(lin, one));
    report.row(
      `one asset over HTTP, groups known, ${engine}`,
      `${ms(shown)}; ${ms(plain)} for an administrator`,
      'under 5 ms for the decision',
    );
    const [anew] = await compare(
      ask(maya, `${one}/explanation`),
      async () => {},
    );
    report.row(
      `the same with the groups asked for anew at the catalog, ${engine}`,
      ms(anew),
    );
  } finally {
    await database.destroy();
    await portal.close();
  }
}
