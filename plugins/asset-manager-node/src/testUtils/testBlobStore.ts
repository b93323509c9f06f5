import { createHash, randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobStore, ByteRange } from '../BlobStore';

function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function bodyOf(bytes: Buffer, chunk = 64 * 1024): Readable {
  return Readable.from(
    (function* chunks() {
      for (let at = 0; at < bytes.length; at += chunk) {
        yield bytes.subarray(at, at + chunk);
      }
    })(),
    { objectMode: false },
  );
}

async function bytesOf(store: BlobStore, key: string, range?: ByteRange) {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.open(key, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function keysOf(store: BlobStore, prefix: string) {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}

/** Takes its time, and so finds memory that is written over before its turn. */
class SlowSink extends Writable {
  readonly bytes: Buffer[] = [];

  _write(chunk: Buffer, _: string, callback: () => void) {
    setTimeout(() => {
      this.bytes.push(Buffer.from(chunk));
      callback();
    }, 5);
  }
}

/**
 * What every blob store must do. Call it in a test file of the store.
 *
 * @param name - what the suite is called in the report
 * @param create - makes an empty store for each case
 * @public
 */
export function testBlobStore(
  name: string,
  create: () => Promise<BlobStore>,
): void {
  describe(`${name} keeps the contract of a blob store:`, () => {
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

    it.each([0, 1, 10_000, 65_536, 65_537, 3_000_001])(
      'gives back the %d bytes that were put',
      async size => {
        const bytes = randomBytes(size);
        await put('a/blob', bytes);
        expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
        expect(await store.stat('a/blob')).toEqual({ size });
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

    it('refuses bytes that do not have the promised digest, and keeps nothing', async () => {
      const bytes = randomBytes(1000);
      await expect(
        store.put({
          key: 'a/blob',
          size: 1000,
          digest: digestOf(randomBytes(9)),
          body: bodyOf(bytes),
        }),
      ).rejects.toThrow(/digest/);
      expect(await store.stat('a/blob')).toBeUndefined();
      expect(await keysOf(store, '')).toEqual([]);
    });

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
      const body = Readable.from(
        (async function* broken() {
          yield bytes.subarray(0, 50_000);
          throw new Error('the line is cut');
        })(),
      );
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
      await put('a/blob', bytes);
      await put('a/blob', bytes);
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
    });

    it('takes the same blob from eight writers at once', async () => {
      const bytes = randomBytes(300_000);
      await Promise.all(Array.from({ length: 8 }, () => put('a/blob', bytes)));
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
      expect(await keysOf(store, '')).toEqual(['a/blob']);
    });

    it('makes a blob of parts that came in any order', async () => {
      const bytes = randomBytes(250_000);
      const session = 'upload-1.blob';
      for (const number of [2, 0, 1]) {
        const part = bytes.subarray(number * 100_000, (number + 1) * 100_000);
        await store.putPart({
          session,
          number,
          offset: number * 100_000,
          size: part.length,
          body: bodyOf(part),
        });
      }
      expect(await store.stat('a/blob')).toBeUndefined();
      await store.completeParts({
        session,
        key: 'a/blob',
        size: bytes.length,
        digest: digestOf(bytes),
      });
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
    });

    it('takes the last of two sendings of a part', async () => {
      const bytes = randomBytes(1000);
      const session = 'upload-2.blob';
      for (const body of [randomBytes(1000), bytes]) {
        await store.putPart({
          session,
          number: 0,
          offset: 0,
          size: 1000,
          body: bodyOf(body),
        });
        // A store may go on working on a part that it has taken.
        await new Promise(resolve => {
          setTimeout(resolve, 100);
        });
      }
      await store.completeParts({
        session,
        key: 'a/blob',
        size: 1000,
        digest: digestOf(bytes),
      });
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
    });

    it('does not trust a part that was sent again and broke off', async () => {
      const bytes = randomBytes(3_000_000);
      const session = 'upload-6.blob';
      await store.putPart({
        session,
        number: 0,
        offset: 0,
        size: bytes.length,
        body: bodyOf(bytes),
      });
      const broken = Readable.from(
        (async function* garbage() {
          yield randomBytes(2_000_000);
          throw new Error('the line is cut');
        })(),
      );
      await expect(
        store.putPart({
          session,
          number: 0,
          offset: 0,
          size: bytes.length,
          body: broken,
        }),
      ).rejects.toThrow('the line is cut');
      // Whether the first sending still stands is the store's own affair; a wrong blob is not.
      await store
        .completeParts({
          session,
          key: 'a/blob',
          size: bytes.length,
          digest: digestOf(bytes),
        })
        .catch(() => {});
      const stat = await store.stat('a/blob');
      const read = stat ? await bytesOf(store, 'a/blob') : bytes;
      expect(read.equals(bytes)).toBe(true);
    });

    it('refuses parts that together are something else', async () => {
      const bytes = randomBytes(1000);
      const session = 'upload-3.blob';
      await store.putPart({
        session,
        number: 0,
        offset: 0,
        size: 1000,
        body: bodyOf(randomBytes(1000)),
      });
      await expect(
        store.completeParts({
          session,
          key: 'a/blob',
          size: 1000,
          digest: digestOf(bytes),
        }),
      ).rejects.toThrow(/digest/);
      expect(await store.stat('a/blob')).toBeUndefined();
    });

    it.each([400, 600])(
      'refuses a part of 500 bytes that was promised as %d',
      async size => {
        await expect(
          store.putPart({
            session: 'upload-4.blob',
            number: 0,
            offset: 0,
            size,
            body: bodyOf(randomBytes(500)),
          }),
        ).rejects.toThrow(/bytes/);
      },
    );

    it('forgets parts, also when there are none', async () => {
      const session = 'upload-5.blob';
      await store.putPart({
        session,
        number: 0,
        offset: 0,
        size: 10,
        body: bodyOf(randomBytes(10)),
      });
      await store.abortParts(session);
      await store.abortParts(session);
      expect(await keysOf(store, '')).toEqual([]);
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

    it('lists by prefix, with sizes', async () => {
      await put('a/one', randomBytes(10));
      await put('a/b/two', randomBytes(20));
      await put('c/three', randomBytes(30));
      expect(await keysOf(store, 'a/')).toEqual(['a/b/two', 'a/one']);
      const sizes: number[] = [];
      for await (const { size } of store.list('')) sizes.push(size);
      expect(sizes.sort()).toEqual([10, 20, 30]);
    });

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
