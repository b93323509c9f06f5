import { randomBytes } from 'node:crypto';
import type { BlobStore, PartTransfer } from '../BlobStore';
import { bodyOf, brokenBody, bytesOf, digestOf, keysOf } from './bytes';

/** What every store must do that takes parts through the backend. */
export function testPartTransfer(create: () => Promise<BlobStore>): void {
  describe('in parts through the backend', () => {
    let store: BlobStore;
    let parts: PartTransfer;
    beforeEach(async () => {
      store = await create();
      if (!store.parts) throw new Error('the store takes no parts');
      parts = store.parts;
    });

    it('makes a blob of parts that came in any order', async () => {
      const bytes = randomBytes(250_000);
      const session = 'upload-1.blob';
      for (const number of [2, 0, 1]) {
        const part = bytes.subarray(number * 100_000, (number + 1) * 100_000);
        await parts.putPart({
          session,
          number,
          offset: number * 100_000,
          size: part.length,
          body: bodyOf(part),
        });
      }
      expect(await store.stat('a/blob')).toBeUndefined();
      await parts.completeParts({
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
        await parts.putPart({
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
      await parts.completeParts({
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
      await parts.putPart({
        session,
        number: 0,
        offset: 0,
        size: bytes.length,
        body: bodyOf(bytes),
      });
      const broken = brokenBody(randomBytes(2_000_000));
      await expect(
        parts.putPart({
          session,
          number: 0,
          offset: 0,
          size: bytes.length,
          body: broken,
        }),
      ).rejects.toThrow('the line is cut');
      // Whether the first sending still stands is the store's own affair; a wrong blob is not.
      await parts
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
      await parts.putPart({
        session,
        number: 0,
        offset: 0,
        size: 1000,
        body: bodyOf(randomBytes(1000)),
      });
      await expect(
        parts.completeParts({
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
          parts.putPart({
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
      await parts.putPart({
        session,
        number: 0,
        offset: 0,
        size: 10,
        body: bodyOf(randomBytes(10)),
      });
      await parts.abortParts(session);
      await parts.abortParts(session);
      expect(await keysOf(store, '')).toEqual([]);
    });
  });
}
