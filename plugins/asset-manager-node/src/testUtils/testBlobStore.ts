import { randomBytes } from 'node:crypto';
import type { BlobStore, ByteRange } from '../BlobStore';
import {
  bodyOf,
  brokenBody,
  bytesOf,
  digestOf,
  keysOf,
  SlowSink,
} from './bytes';
import { testDirectTransfer } from './testDirectTransfer';
import { testPartTransfer } from './testPartTransfer';

/**
 * What every blob store must do. Call it in a test file of the store.
 *
 * @param name - what the suite is called in the report
 * @param create - makes an empty store for each case
 * @param options.transfer - how large blobs reach the store: in parts through
 *   the backend, or by signed requests, which are really sent
 * @public
 */
export function testBlobStore(
  name: string,
  create: () => Promise<BlobStore>,
  options: { transfer: 'parts' | 'direct' },
): void {
  describe(`${name} keeps the contract of a blob store:`, () => {
    if (options.transfer === 'parts') testPartTransfer(create);
    else testDirectTransfer(create);

    let store: BlobStore;
    beforeEach(async () => {
      store = await create();
    });

    const put = (key: string, bytes: Buffer) =>
      store.put({
        key,
        size: bytes.length,
        digest: digestOf(bytes),
        body: bodyOf(bytes),
      });

    it.each([0, 1, 10_000, 65_536, 65_537, 3_000_001, 20_000_001])(
      'gives back the %d bytes that were put',
      async size => {
        const bytes = randomBytes(size);
        await put('a/blob', bytes);
        expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
        expect(await store.stat('a/blob')).toMatchObject({ size });
      },
    );

    it.each<[string, ByteRange]>([
      ['the first byte', { start: 0, end: 0 }],
      ['the last byte', { start: 99_999, end: 99_999 }],
      ['the middle', { start: 40_000, end: 70_000 }],
      ['everything', { start: 0, end: 99_999 }],
    ])('reads a range: %s', async (_, range) => {
      const bytes = randomBytes(100_000);
      await put('a/blob', bytes);
      const read = await bytesOf(store, 'a/blob', range);
      expect(read.equals(bytes.subarray(range.start, range.end + 1))).toBe(
        true,
      );
    });

    it.each([0, 1, 3_000_001])(
      'writes %d bytes to a slow stream as it opens them, where it can',
      async size => {
        const bytes = randomBytes(size);
        await put('a/blob', bytes);
        const slow = new SlowSink();
        if (store.writeTo) await store.writeTo(slow, 'a/blob');
        else slow.bytes.push(await bytesOf(store, 'a/blob'));
        expect(Buffer.concat(slow.bytes).equals(bytes)).toBe(true);
      },
    );

    it('stops writing to a stream that was closed', async () => {
      await put('a/blob', randomBytes(3_000_001));
      const slow = new SlowSink();
      const writing = store.writeTo
        ? store.writeTo(slow, 'a/blob')
        : Promise.reject(new Error('it only opens'));
      slow.destroy();
      await expect(writing).rejects.toThrow();
    });

    it.each([1000, 20_000_001])(
      'refuses %d bytes that do not have the promised digest, and keeps nothing',
      async size => {
        const bytes = randomBytes(size);
        await expect(
          store.put({
            key: 'a/blob',
            size,
            digest: digestOf(randomBytes(9)),
            body: bodyOf(bytes),
          }),
        ).rejects.toThrow(/digest/);
        expect(await store.stat('a/blob')).toBeUndefined();
        expect(await keysOf(store, '')).toEqual([]);
      },
    );

    it.each([999, 1001])(
      'refuses 1000 bytes that were promised as %d',
      async size => {
        const bytes = randomBytes(1000);
        await expect(
          store.put({
            key: 'a/blob',
            size,
            digest: digestOf(bytes),
            body: bodyOf(bytes),
          }),
        ).rejects.toThrow(/bytes/);
        expect(await store.stat('a/blob')).toBeUndefined();
      },
    );

    it('keeps nothing of a body that breaks off', async () => {
      const bytes = randomBytes(100_000);
      const body = brokenBody(bytes.subarray(0, 50_000));
      await expect(
        store.put({
          key: 'a/blob',
          size: bytes.length,
          digest: digestOf(bytes),
          body,
        }),
      ).rejects.toThrow('the line is cut');
      expect(await store.stat('a/blob')).toBeUndefined();
    });

    it('leaves a blob that stands as it is', async () => {
      const bytes = randomBytes(1000);
      expect(await put('a/blob', bytes)).toEqual({ created: true });
      await put('a/blob', bytes);
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
    });

    it('takes the same blob from eight writers at once', async () => {
      const bytes = randomBytes(300_000);
      await Promise.all(Array.from({ length: 8 }, () => put('a/blob', bytes)));
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
      expect(await keysOf(store, '')).toEqual(['a/blob']);
    });

    it('says that there is no such blob', async () => {
      expect(await store.stat('no/blob')).toBeUndefined();
      await expect(store.open('no/blob')).rejects.toThrow(
        expect.objectContaining({ name: 'NotFoundError' }),
      );
      await store.delete('no/blob');
    });

    it('deletes one blob and no other', async () => {
      await put('a/one', randomBytes(10));
      await put('a/two', randomBytes(10));
      await store.delete('a/one');
      expect(await keysOf(store, '')).toEqual(['a/two']);
    });

    it('deletes what was looked at, and not what was written since', async () => {
      await put('a/blob', randomBytes(10));
      const { revision } = (await store.stat('a/blob'))!;
      expect(await store.delete('a/blob', { revision })).toBe(true);
      expect(await store.delete('a/blob', { revision })).toBe(true);
      const later = randomBytes(10);
      await put('a/blob', later);
      const again = (await store.stat('a/blob'))!.revision;
      expect(again === undefined).toBe(revision === undefined);
      // A store without revisions deletes what stands.
      expect(await store.delete('a/blob', { revision })).toBe(
        revision === undefined,
      );
      expect(await keysOf(store, '')).toEqual(
        revision === undefined ? [] : ['a/blob'],
      );
      expect(await store.delete('a/blob', { revision: again })).toBe(true);
      expect(await keysOf(store, '')).toEqual([]);
    });

    it('lists by prefix, with sizes', async () => {
      await put('a/one', randomBytes(10));
      await put('a/b/two', randomBytes(20));
      await put('c/three', randomBytes(30));
      expect(await keysOf(store, 'a/')).toEqual(['a/b/two', 'a/one']);
      const sizes: number[] = [];
      for await (const { size } of store.list('')) sizes.push(size);
      expect(sizes.sort()).toEqual([10, 20, 30]);
    });

    it('lists more blobs than ten pages of a bucket hold', async () => {
      let next = 0;
      await Promise.all(
        Array.from({ length: 24 }, async () => {
          while (next < 10_050) {
            const bytes = Buffer.from(`${next++}`);
            await put(`many/${bytes}`, bytes);
          }
        }),
      );
      expect(new Set(await keysOf(store, 'many/')).size).toBe(10_050);
    }, 120_000);

    it.each([
      '../out',
      'a/../../out',
      '/etc/out',
      'a//b',
      'a/\u0000',
      '.',
      'a/.',
    ])('refuses the key %j', async key => {
      const bytes = randomBytes(10);
      await expect(put(key, bytes)).rejects.toThrow(/key/);
    });
  });
}
