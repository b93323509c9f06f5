import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigReader } from '@backstage/config';
import { createGcsBlobStore } from './createGcsBlobStore';

/** What a server answers that was asked for the description of a bucket. */
async function rulesOf(status: number, body: object) {
  const asked: string[] = [];
  const server = http.createServer((req, res) => {
    asked.push(`${req.method} ${req.url?.split('?')[0]}`);
    res
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(body));
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    const rules = await createGcsBlobStore(
      new ConfigReader({
        bucket: 'team',
        prefix: 'assets/',
        endpoint: `http://127.0.0.1:${port}`,
      }),
    ).rules();
    expect(asked).toEqual(['GET /storage/v1/b/team']);
    return rules;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const bucketWith = (...conditions: object[]) => ({
  lifecycle: {
    rule: conditions.map(condition => ({
      action: { type: 'Delete' },
      condition,
    })),
  },
});

describe('the rules of a bucket of Google Cloud Storage', () => {
  it.each<[string, object, object[]]>([
    [
      'everything by its age',
      { age: 30 },
      [
        { deletes: 'blobs', afterDays: 30 },
        { deletes: 'parts', afterDays: 30 },
      ],
    ],
    [
      'what is live',
      { isLive: true, matchesPrefix: ['assets/blobs/'] },
      [{ deletes: 'blobs' }],
    ],
    [
      'some of the blobs',
      { age: 9, matchesPrefix: ['logs/', 'assets/blobs/01'] },
      [{ deletes: 'blobs', afterDays: 9 }],
    ],
    [
      'the parts alone',
      { age: 9, matchesPrefix: ['assets/parts/'] },
      [{ deletes: 'parts', afterDays: 9 }],
    ],
    ['another prefix', { age: 9, matchesPrefix: ['logs/'] }, []],
    ['former versions', { isLive: false, age: 9 }, []],
    ['what has newer versions', { numNewerVersions: 3 }, []],
    ['what was replaced days ago', { daysSinceNoncurrentTime: 3 }, []],
  ])('delete %s', async (_, condition, rules) => {
    expect(await rulesOf(200, bucketWith(condition))).toEqual(rules);
  });

  it('are none where nothing is deleted', async () => {
    expect(await rulesOf(200, {})).toEqual([]);
    expect(
      await rulesOf(200, {
        lifecycle: {
          rule: [
            {
              action: { type: 'SetStorageClass', storageClass: 'NEARLINE' },
              condition: { age: 30 },
            },
          ],
        },
      }),
    ).toEqual([]);
  });

  it('are not to be seen by everybody', async () => {
    await expect(
      rulesOf(403, { error: { code: 403, message: 'no' } }),
    ).rejects.toThrow(expect.objectContaining({ name: 'NotAllowedError' }));
  });
});
