/** A declaration in a repository and a push are the same thing to a user. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  folderOf,
  openPortal,
  personAt,
  temporaryFolder,
  until,
} from './support.mjs';
import { root } from '../scripts/lib/tools.mjs';

const declaration = (
  name,
  title,
  visibility = 'internal',
) => `apiVersion: baseasset.io/v1alpha1
kind: Asset
metadata:
  namespace: models
  name: ${name}
  title: ${title}
spec:
  type: ml-model
  owner: group:default/team-signal
  visibility: ${visibility}
  derivedFrom: [asset:genomes/lambda]
`;

describe('a declaration in a repository', () => {
  let portal;
  let maya;
  let otto;
  const repository = path.join(
    temporaryFolder('repository'),
    'catalog-info.yaml',
  );

  const entity = async (name, person = maya) => {
    const answer = await fetch(
      `${portal.url}/api/catalog/entities/by-name/asset/models/${name}`,
      {
        headers: person.headers(),
      },
    );
    return answer.ok ? answer.json() : undefined;
  };
  const location = async name =>
    (await entity(name))?.metadata.annotations[
      'backstage.io/managed-by-location'
    ];

  before(async () => {
    fs.writeFileSync(repository, declaration('declared', 'Declared first'));
    portal = await openPortal({
      configuration: {
        assetManager: {
          validateResponses: true,
          catalog: {
            reconcileInterval: { seconds: 3 },
            feedRestricted: true,
          },
        },
        search: {
          collators: {
            catalog: {
              schedule: {
                frequency: { minutes: 0, seconds: 3 },
                timeout: { minutes: 1 },
                initialDelay: { seconds: 1 },
              },
            },
          },
        },
        catalog: {
          // The hours of app-config.yaml would be added to the seconds.
          processingInterval: { hours: 0, seconds: 2 },
          locations: [
            {
              type: 'file',
              target: path.join(root, 'examples/org.yaml'),
              rules: [{ allow: ['Group', 'User'] }],
            },
            {
              type: 'file',
              target: path.join(root, 'examples/declared-assets.yaml'),
            },
            { type: 'file', target: repository },
          ],
        },
      },
    });
    maya = personAt(portal, 'maya');
    otto = personAt(portal, 'otto');
    await maya.signIn();
    await otto.signIn();
  });

  after(() => portal?.close());

  it('makes an asset, to which a push adds versions', async () => {
    const shown = await until(async () => {
      const { code, stdout } = await maya.asset(
        'show',
        'models/declared',
        '--json',
      );
      return code === 0 && JSON.parse(stdout);
    }, 'the declared asset');
    assert.equal(shown.title, 'Declared first');
    await maya.ok('push', folderOf({ a: '1' }), 'models/declared');
    assert.equal((await maya.json('show', 'models/declared')).versionCount, 1);
    const relations = (await entity('declared')).relations.map(
      each => each.type,
    );
    assert.ok(relations.includes('derivedFrom'));
  });

  it('waits for an owner when the asset stands, and then writes the card without losing a version', async () => {
    await maya.ok(
      'push',
      folderOf({ a: '2' }),
      'models/pushed',
      '--type',
      'ml-model',
      '--title',
      'Pushed first',
    );
    await until(
      async () => (await entity('pushed'))?.metadata.title === 'Pushed first',
      'the fed entity',
    );
    fs.writeFileSync(
      repository,
      `${declaration('declared', 'Declared first')}---\n${declaration(
        'pushed',
        'From Git',
      )}`,
    );
    await until(
      async () =>
        (
          await maya.json('declaration', 'list', 'models/pushed')
        ).items[0]?.state === 'proposed',
      'the proposal',
      60,
    );
    await until(
      async () => (await location('pushed')) === `file:${repository}`,
      'the claim',
      60,
    );
    assert.equal((await entity('pushed')).metadata.title, 'Pushed first');
    assert.equal(
      (await maya.json('show', 'models/pushed')).title,
      'Pushed first',
    );
    assert.equal(
      (await otto.asset('declaration', 'accept', 'models/pushed')).code,
      4,
    );
    await maya.ok('declaration', 'accept', 'models/pushed');
    await until(
      async () => (await entity('pushed'))?.metadata.title === 'From Git',
      'the new card',
      60,
    );
    const shown = await maya.json('show', 'models/pushed');
    assert.equal(shown.title, 'From Git');
    assert.equal(shown.versionCount, 1);
  });

  it('orphans nothing when it is removed, and the fed entity comes back', async () => {
    fs.writeFileSync(repository, declaration('declared', 'Declared first'));
    await until(
      async () => (await location('pushed')) === 'asset-manager:default',
      'the fed entity',
      90,
    );
    const shown = await maya.json('show', 'models/pushed');
    assert.equal(shown.title, 'From Git');
    await until(
      async () =>
        (await maya.json('show', 'models/pushed')).declaration === undefined,
      'the withdrawal',
    );
    assert.match(await maya.ok('verify', 'models/pushed@1'), /1 file match/);
  });

  it('stands in the catalog for its owners alone when it is restricted', async () => {
    assert.ok(await entity('declared', otto));
    fs.writeFileSync(
      repository,
      declaration('declared', 'Declared and restricted', 'restricted'),
    );
    await until(
      async () => (await entity('declared', otto)) === undefined,
      'the entity to be hidden',
    );
    await until(
      async () =>
        (await entity('declared'))?.metadata.title ===
        'Declared and restricted',
      'the entity of its owners',
    );
    await until(
      async () => (await otto.asset('show', 'models/declared')).code === 4,
      'the asset to be hidden',
    );
  });

  it('feeds a restricted asset to the catalog for its owners alone, as the configuration says', async () => {
    await maya.ok('push', folderOf({ 'a.txt': 'a' }), 'models/hidden');
    await until(() => entity('hidden', otto), 'the entity');
    await maya.ok(
      ...['edit', 'models/hidden', '--visibility', 'restricted'],
      ...['--title', 'Concealed'],
    );
    await until(
      async () => (await entity('hidden', otto)) === undefined,
      'the entity to be hidden',
    );
    const own = await entity('hidden');
    assert.equal(own.spec.visibility, 'restricted');
    const found = async person => {
      const answer = await fetch(
        `${portal.url}/api/catalog/entities/by-query?filter=kind=asset&limit=500`,
        { headers: person.headers() },
      );
      const { items, totalItems } = await answer.json();
      return {
        isThere: items.some(({ metadata }) => metadata.name === 'hidden'),
        isCounted: totalItems === items.length,
      };
    };
    assert.deepEqual(await found(maya), { isThere: true, isCounted: true });
    assert.deepEqual(await found(otto), { isThere: false, isCounted: true });
    const searched = async person => {
      const answer = await fetch(
        `${portal.url}/api/search/query?term=concealed&types[]=software-catalog`,
        { headers: person.headers() },
      );
      const { results, numberOfResults } = await answer.json();
      return { found: results.length, counted: numberOfResults ?? 0 };
    };
    await until(
      async () => (await searched(maya)).found === 1,
      'the entity in the search',
    );
    const nothing = await fetch(
      `${portal.url}/api/search/query?term=nowhere&types[]=software-catalog`,
      { headers: otto.headers() },
    );
    const { numberOfResults = 0 } = await nothing.json();
    assert.deepEqual(await searched(otto), {
      found: 0,
      counted: numberOfResults,
    });
  });
});
