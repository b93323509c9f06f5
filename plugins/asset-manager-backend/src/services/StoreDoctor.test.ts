import { NotAllowedError } from '@backstage/errors';
import type {
  BlobStore,
  BucketRule,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { StoreDoctor } from './StoreDoctor';
import { Stores } from './Stores';

/** A store in memory that has rules, and revisions, which it heeds or not. */
function storeWith(
  rules: BlobStore['rules'],
  revisions?: 'heeded' | 'ignored',
): BlobStore {
  const blobs = new Map<string, Buffer>();
  const revisionOf = new Map<string, number>();
  return {
    async put({ key, body }) {
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk);
      blobs.set(key, Buffer.concat(chunks));
      revisionOf.set(key, (revisionOf.get(key) ?? 0) + 1);
      return { created: true };
    },
    async open(key) {
      const { Readable } = await import('node:stream');
      return Readable.from([blobs.get(key)!]);
    },
    async stat(key) {
      const blob = blobs.get(key);
      return (
        blob && {
          size: blob.length,
          ...(revisions && { revision: `${revisionOf.get(key)}` }),
        }
      );
    },
    async delete(key, { revision } = {}) {
      if (
        revisions === 'heeded' &&
        revision !== undefined &&
        revision !== `${revisionOf.get(key)}`
      )
        return false;
      blobs.delete(key);
      return true;
    },
    async *list(prefix) {
      for (const [key, { length }] of blobs)
        if (key.startsWith(prefix)) yield { key, size: length };
    },
    rules,
  };
}

async function verdictOn(
  rules: BlobStore['rules'],
  about = 'lifecycle rules',
  revisions?: 'heeded' | 'ignored',
) {
  const checks = await new StoreDoctor({
    stores: new Stores({
      byName: new Map([['bucket', storeWith(rules, revisions)]]),
      defaultName: 'bucket',
      placement: [],
    }),
    createId: () => 'id',
    now: () => new Date(),
    origin: 'http://localhost:3000',
  }).examine();
  const { state, advice = '' } =
    checks.find(({ check }) => check === about) ?? {};
  return [state, advice];
}

describe('what the doctor says of the rules of a bucket', () => {
  const after = (days?: number): BucketRule => ({
    deletes: 'parts',
    afterDays: days,
  });

  it.each<[string, BucketRule[] | undefined, string, RegExp]>([
    ['delete old parts', [after(9)], 'ok', /^$/],
    ['are none', [], 'warned', /after nine days/],
    [
      'delete parts that may be gone on with',
      [after(9), after(3)],
      'warned',
      /after 3 days; .* lives for 7/,
    ],
    [
      'delete blobs',
      [after(9), { deletes: 'blobs', afterDays: 365 }],
      'failed',
      /deletes blobs after 365 days/,
    ],
    [
      'delete blobs by something else than their age',
      [{ deletes: 'blobs' }],
      'failed',
      /deletes blobs, and versions lose/,
    ],
    ['are unknown to the server', undefined, 'skipped', /has none/],
  ])('when they %s', async (_, rules, state, advice) => {
    expect(await verdictOn(async () => rules)).toEqual([
      state,
      expect.stringMatching(advice),
    ]);
  });

  it('says what right is missing to read them', async () => {
    expect(
      await verdictOn(async () => {
        throw new NotAllowedError('no');
      }),
    ).toEqual([
      'skipped',
      expect.stringContaining('roles/storage.bucketViewer'),
    ]);
  });

  it('fails when they can not be read', async () => {
    expect(
      await verdictOn(async () => {
        throw new Error('the bucket said nothing.');
      }),
    ).toEqual(['failed', 'the bucket said nothing.']);
  });
});

describe('what the doctor says of deletions', () => {
  it.each([
    ['heeds revisions', 'heeded', 'ok', /^$/],
    ['ignores them', 'ignored', 'warned', /deletes whatever stands/],
    ['has none', undefined, undefined, /^$/],
  ] as const)('of a store that %s', async (_, revisions, state, advice) => {
    const verdict = await verdictOn(
      async () => [],
      'delete of a revision',
      revisions,
    );
    expect(verdict).toEqual([state, expect.stringMatching(advice)]);
  });
});
