import { NotAllowedError } from '@backstage/errors';
import type {
  BlobStore,
  BucketRule,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { StoreDoctor } from './StoreDoctor';
import { Stores } from './Stores';

/** A store in memory that has rules. */
function storeWith(rules: BlobStore['rules']): BlobStore {
  const blobs = new Map<string, Buffer>();
  return {
    async put({ key, body }) {
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk);
      blobs.set(key, Buffer.concat(chunks));
      return { created: true };
    },
    async open(key) {
      const { Readable } = await import('node:stream');
      return Readable.from([blobs.get(key)!]);
    },
    async stat(key) {
      const blob = blobs.get(key);
      return blob && { size: blob.length };
    },
    async delete(key) {
      return blobs.delete(key);
    },
    async *list(prefix) {
      for (const [key, { length }] of blobs)
        if (key.startsWith(prefix)) yield { key, size: length };
    },
    rules,
  };
}

async function verdictOn(rules: BlobStore['rules']) {
  const checks = await new StoreDoctor({
    stores: new Stores({
      byName: new Map([['bucket', storeWith(rules)]]),
      defaultName: 'bucket',
      placement: [],
    }),
    createId: () => 'id',
    now: () => new Date(),
    origin: 'http://localhost:3000',
  }).examine();
  const { state, advice = '' } = checks.find(
    ({ check }) => check === 'lifecycle rules',
  )!;
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
