import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32c } from '../crc32c';
import type { BlobStore } from '../BlobStore';
import type { DirectTransfer, SignedRequest } from '../DirectTransfer';
import { bytesOf, digestOf, keysOf } from './bytes';

const MIB = 1024 * 1024;
/** Milliseconds. */
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function send(request: SignedRequest, bytes: Buffer): Promise<number> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body: new Uint8Array(bytes),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Sets the clock of this process, and of nobody it talks to. */
function setClock(skew: number): void {
  jest.useFakeTimers({
    now: Date.now() + skew,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

/** What every store must do that signs requests for its bucket. */
export function testDirectTransfer(create: () => Promise<BlobStore>): void {
  describe('by signed requests', () => {
    let store: BlobStore;
    let direct: DirectTransfer;
    beforeEach(async () => {
      store = await create();
      if (!store.direct) throw new Error('the store signs no requests');
      direct = store.direct;
    });

    const checksumOf = (bytes: Buffer) =>
      direct.checksum === 'sha256'
        ? createHash('sha256').update(bytes).digest('base64')
        : crc32c(bytes);

    const signPut = (key: string, bytes: Buffer) =>
      direct.signPut({ key, size: bytes.length, checksum: checksumOf(bytes) });

    const begin = async (session: string, key: string) => ({
      session,
      key,
      token: await direct.beginParts({ session, key }),
    });

    const sendPart = async (
      parts: { session: string; key: string; token: string },
      number: number,
      bytes: Buffer,
    ) =>
      send(
        await direct.signPart({
          ...parts,
          number,
          size: bytes.length,
          checksum: checksumOf(bytes),
        }),
        bytes,
      );

    it.each([0, 1, 10_000, 3_000_001])(
      'takes a blob of %d bytes in one piece',
      async size => {
        const bytes = randomBytes(size);
        expect(await send(await signPut('a/blob', bytes), bytes)).toBe(200);
        expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
        expect(await store.stat('a/blob')).toMatchObject({ size });
      },
    );

    it('vouches for a digest only where it computed it itself', async () => {
      const bytes = randomBytes(10_000);
      await send(await signPut('a/blob', bytes), bytes);
      const stat = await store.stat('a/blob');
      expect([undefined, digestOf(bytes)]).toContain(stat?.digest);
    });

    it('refuses other bytes than the signed checksum says', async () => {
      const bytes = randomBytes(10_000);
      const status = await send(
        await signPut('a/blob', bytes),
        randomBytes(10_000),
      );
      expect(status).toBe(400);
      expect(await store.stat('a/blob')).toBeUndefined();
    });

    it('leaves a blob that stands, and says so with 412', async () => {
      const first = randomBytes(1000);
      const second = randomBytes(1000);
      const late = await signPut('a/blob', second);
      expect(await send(await signPut('a/blob', first), first)).toBe(200);
      expect(await send(late, second)).toBe(412);
      expect((await bytesOf(store, 'a/blob')).equals(first)).toBe(true);
    });

    describe('for a backend whose clock is wrong', () => {
      afterEach(() => jest.useRealTimers());

      const attempt = async (skew: number) => {
        setClock(skew);
        const bytes = randomBytes(1000);
        const status = await send(await signPut('a/blob', bytes), bytes);
        return { status, stands: (await store.stat('a/blob')) !== undefined };
      };

      it.each([-10 * MINUTE, -MINUTE, MINUTE])(
        'by %d milliseconds, signs as any other',
        async skew => {
          expect(await attempt(skew)).toEqual({ status: 200, stands: true });
        },
      );

      it.each([-DAY, DAY])(
        'by %d milliseconds, lets a client write all or nothing',
        async skew => {
          const { status, stands } = await attempt(skew);
          expect([200, 400, 403]).toContain(status);
          expect(stands).toBe(status === 200);
        },
      );

      it.each([-DAY, DAY])(
        'by %d milliseconds, lets the backend write, read and delete',
        async skew => {
          setClock(skew);
          const bytes = randomBytes(1000);
          await store.put({
            key: 'a/blob',
            size: bytes.length,
            digest: digestOf(bytes),
            body: Readable.from([bytes]),
          });
          expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
          expect(await keysOf(store, '')).toEqual(['a/blob']);
          await store.delete('a/blob');
          expect(await keysOf(store, '')).toEqual([]);
        },
      );
    });

    it('says when a signed request expires, within an hour', async () => {
      const { expiresAt, url } = await signPut('a/blob', randomBytes(1));
      const left = Date.parse(expiresAt) - Date.now();
      expect(left).toBeGreaterThan(60_000);
      expect(left).toBeLessThanOrEqual(3_600_000);
      expect(new URL(url).protocol).toMatch(/^https?:$/);
    });

    it('makes a blob of parts that came in any order', async () => {
      const size = 2 * direct.minPartSize + 12_345;
      const partSize = Math.max(direct.minPartSize, MIB);
      const bytes = randomBytes(Math.max(size, 2 * partSize + 12_345));
      const parts = await begin('upload-1.blob', 'a/blob');
      const count = Math.ceil(bytes.length / partSize);
      for (let number = count - 1; number >= 0; number--) {
        const part = bytes.subarray(number * partSize, (number + 1) * partSize);
        expect(await sendPart(parts, number, part)).toBe(200);
      }
      expect(await store.stat('a/blob')).toBeUndefined();
      expect(await keysOf(store, '')).toEqual([]);
      const stat = await direct.completeParts({
        ...parts,
        size: bytes.length,
        partCount: count,
      });
      expect(stat.size).toBe(bytes.length);
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
      expect(await keysOf(store, '')).toEqual(['a/blob']);
    });

    it('says which parts have arrived, and which were refused have not', async () => {
      const parts = await begin('upload-2.blob', 'a/blob');
      expect(await direct.receivedParts(parts)).toEqual(new Map());
      await sendPart(parts, 3, randomBytes(direct.minPartSize));
      await sendPart(parts, 0, randomBytes(direct.minPartSize + 1));
      const promised = randomBytes(1000);
      const request = await direct.signPart({
        ...parts,
        number: 1,
        size: 1000,
        checksum: checksumOf(promised),
      });
      expect(await send(request, randomBytes(1000))).toBe(400);
      expect(
        [...(await direct.receivedParts(parts))].sort(([a], [b]) => a - b),
      ).toEqual([
        [0, direct.minPartSize + 1],
        [3, direct.minPartSize],
      ]);
    });

    it('lists more parts than a page of the bucket holds', async () => {
      const parts = await begin('upload-3.blob', 'a/blob');
      const part = randomBytes(10);
      for (let first = 0; first < 1010; first += 50) {
        await Promise.all(
          Array.from({ length: Math.min(50, 1010 - first) }, (_, index) =>
            sendPart(parts, first + index, part),
          ),
        );
      }
      expect((await direct.receivedParts(parts)).size).toBe(1010);
      await direct.abortParts(parts);
    });

    it('refuses to make a blob of parts of which some are missing', async () => {
      const parts = await begin('upload-4.blob', 'a/blob');
      const part = randomBytes(direct.minPartSize);
      await sendPart(parts, 0, part);
      await expect(
        direct.completeParts({
          ...parts,
          size: part.length * 2,
          partCount: 2,
        }),
      ).rejects.toThrow(expect.objectContaining({ name: 'ConflictError' }));
      expect(await store.stat('a/blob')).toBeUndefined();
    });

    it('refuses to make a blob of another size than was promised', async () => {
      const parts = await begin('upload-5.blob', 'a/blob');
      await sendPart(parts, 0, randomBytes(1000));
      await expect(
        direct.completeParts({ ...parts, size: 999, partCount: 1 }),
      ).rejects.toThrow(expect.objectContaining({ name: 'InputError' }));
      expect(await store.stat('a/blob')).toBeUndefined();
    });

    it('finds the blob when it is made twice, because an answer was lost', async () => {
      const bytes = randomBytes(1000);
      const parts = await begin('upload-6.blob', 'a/blob');
      await sendPart(parts, 0, bytes);
      const all = { ...parts, size: 1000, partCount: 1 };
      await direct.completeParts(all);
      expect((await direct.completeParts(all)).size).toBe(1000);
    });

    it('makes one blob where two uploads bring it at once', async () => {
      const bytes = randomBytes(1000);
      const all = await Promise.all(
        ['upload-7.blob', 'upload-8.blob'].map(async session => {
          const parts = await begin(session, 'a/blob');
          await sendPart(parts, 0, bytes);
          return { ...parts, size: 1000, partCount: 1 };
        }),
      );
      for (const each of all)
        expect((await direct.completeParts(each)).size).toBe(1000);
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);
    });

    it('makes a blob of 70 parts, and leaves none of them', async () => {
      const partSize = direct.minPartSize;
      const one = randomBytes(partSize);
      const parts = await begin('upload-9.blob', 'a/blob');
      for (let first = 0; first < 70; first += 7) {
        await Promise.all(
          Array.from({ length: 7 }, (_, index) =>
            sendPart(parts, first + index, one),
          ),
        );
      }
      await direct.completeParts({
        ...parts,
        size: partSize * 70,
        partCount: 70,
      });
      const read = await bytesOf(store, 'a/blob', {
        start: partSize * 69,
        end: partSize * 70 - 1,
      });
      expect(read.equals(one)).toBe(true);
      expect([
        ...(await direct.receivedParts(parts).catch(() => new Map())),
      ]).toEqual([]);
    });

    it('forgets parts, also when there are none', async () => {
      const parts = await begin('upload-10.blob', 'a/blob');
      await sendPart(parts, 0, randomBytes(10));
      await direct.abortParts(parts);
      await direct.abortParts(parts);
      expect([
        ...(await direct.receivedParts(parts).catch(() => new Map())),
      ]).toEqual([]);
      expect(await keysOf(store, '')).toEqual([]);
    });

    it('signs a GET that needs nothing else, whole and by ranges', async () => {
      const bytes = randomBytes(100_000);
      await send(await signPut('a/blob', bytes), bytes);
      const { url, headers, expiresAt } = await direct.signGet({
        key: 'a/blob',
        fileName: 'größe "1".csv',
      });
      expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(300_000);
      const whole = await fetch(url, { headers });
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
      const part = await fetch(url, {
        headers: { ...headers, Range: 'bytes=50000-50009' },
      });
      expect(part.status).toBe(206);
      expect(
        Buffer.from(await part.arrayBuffer()).equals(
          bytes.subarray(50_000, 50_010),
        ),
      ).toBe(true);
    });

    it('signs a GET that is good for one range alone', async () => {
      const bytes = randomBytes(1000);
      await send(await signPut('a/blob', bytes), bytes);
      const { url, headers } = await direct.signGet({
        key: 'a/blob',
        fileName: 'pack',
        range: { start: 100, end: 199 },
      });
      expect(headers).toEqual({ Range: 'bytes=100-199' });
      const run = await fetch(url, { headers });
      expect(run.status).toBe(206);
      expect(
        Buffer.from(await run.arrayBuffer()).equals(bytes.subarray(100, 200)),
      ).toBe(true);
      for (const other of [undefined, { Range: 'bytes=100-299' }]) {
        const refused = await fetch(url, { headers: other });
        expect(refused.status).toBe(403);
        await refused.arrayBuffer();
      }
    });
  });
}
