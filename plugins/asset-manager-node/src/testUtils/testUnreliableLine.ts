import { createHash, randomBytes } from 'node:crypto';
import type { BlobStore } from '../BlobStore';
import { bodyOf, bytesOf, digestOf, keysOf } from './bytes';
import { crc32c } from '../crc32c';
import { Fault, UnreliableLine } from './UnreliableLine';

/**
 * What every store must do whose bucket is reached over a network: go on after
 * refusals, find what was done when an answer is lost, and never take half for
 * the whole.
 *
 * @param options.upstream - the address of the real server
 * @param options.create - makes an empty store that reaches the server by an address,
 *   and loses patience with a silent one within two seconds
 * @param options.keepsHost - whether the server hears the host that the client named
 * @public
 */
export function testUnreliableLine(
  name: string,
  options: {
    upstream: string;
    create: (endpoint: string) => Promise<BlobStore>;
    keepsHost: boolean;
  },
): void {
  describe(`${name} on an unreliable line:`, () => {
    let line: UnreliableLine;
    let store: BlobStore;
    beforeEach(async () => {
      line = await UnreliableLine.to(options.upstream, options.keepsHost);
      store = await options.create(line.url);
    });
    afterEach(() => line.close());

    const bytes = randomBytes(300_000);
    const put = (key: string) =>
      store.put({
        key,
        size: bytes.length,
        digest: digestOf(bytes),
        body: bodyOf(bytes),
      });

    const sendParts = async (session: string) => {
      const direct = store.direct!;
      const parts = {
        session,
        key: 'a/blob',
        token: await direct.beginParts({ session, key: 'a/blob' }),
      };
      const { url, headers } = await direct.signPart({
        ...parts,
        number: 0,
        size: bytes.length,
        checksum:
          direct.checksum === 'sha256'
            ? createHash('sha256').update(bytes).digest('base64')
            : crc32c(bytes),
      });
      const response = await fetch(url, {
        method: 'PUT',
        headers,
        body: new Uint8Array(bytes),
      });
      await response.arrayBuffer();
      if (!response.ok)
        throw new Error(`a part was refused: ${response.status}`);
      return { ...parts, size: bytes.length, partCount: 1 };
    };

    const expectWhole = async () =>
      expect((await bytesOf(store, 'a/blob')).equals(bytes)).toBe(true);

    it('gives up on a server that says nothing for ever', async () => {
      await put('a/blob');
      line.faults = Array.from({ length: 20 }, () => 'silent' as const);
      await expect(store.stat('a/blob')).rejects.toThrow();
      line.faults = [];
      await expectWhole();
    });

    const storms: [string, Fault[]][] = [
      ['is told 429 three times', [429, 429, 429]],
      ['is told 503 three times', [503, 503, 503]],
      ['loses the answer', ['lost']],
      ['says nothing', ['silent']],
      ['loses the answer, and is told 503 then', ['lost', 503]],
    ];

    describe.each(storms)('when it %s', (_, faults) => {
      it('puts a blob', async () => {
        line.faults = [...faults];
        await put('a/blob');
        expect(line.faults).toEqual([]);
        await expectWhole();
      });

      it('looks after a blob', async () => {
        await put('a/blob');
        line.faults = [...faults];
        expect(await store.stat('a/blob')).toMatchObject({
          size: bytes.length,
        });
        expect(line.faults).toEqual([]);
      });

      it('opens a blob', async () => {
        await put('a/blob');
        line.faults = [...faults];
        await expectWhole();
        expect(line.faults).toEqual([]);
      });

      it('lists blobs', async () => {
        await put('a/blob');
        line.faults = [...faults];
        expect(await keysOf(store, '')).toEqual(['a/blob']);
        expect(line.faults).toEqual([]);
      });

      it('deletes a blob', async () => {
        await put('a/blob');
        line.faults = [...faults];
        await store.delete('a/blob');
        expect(line.faults).toEqual([]);
        expect(await store.stat('a/blob')).toBeUndefined();
      });

      it('makes a blob of parts', async () => {
        const all = await sendParts('upload-1.blob');
        line.faults = [...faults];
        const stat = await store.direct!.completeParts(all);
        expect(stat.size).toBe(bytes.length);
        expect(line.faults).toEqual([]);
        await expectWhole();
        expect(await keysOf(store, '')).toEqual(['a/blob']);
      });

      it('forgets parts', async () => {
        const all = await sendParts('upload-2.blob');
        line.faults = [...faults];
        await store.direct!.abortParts(all);
        expect(line.faults).toEqual([]);
        expect([
          ...(await store.direct!.receivedParts(all).catch(() => new Map())),
        ]).toEqual([]);
      });
    });

    it('makes a blob of parts whose every second answer is lost', async () => {
      const all = await sendParts('upload-3.blob');
      line.faults = Array.from({ length: 6 }, (_, index) =>
        index % 2 === 0 ? undefined : 'lost',
      );
      expect((await store.direct!.completeParts(all)).size).toBe(bytes.length);
      await expectWhole();
    });

    it.each<Fault>(['cut', 'stuck'])(
      'never takes a body that is %s for the whole',
      async fault => {
        await put('a/blob');
        line.faults = [fault];
        const read = await bytesOf(store, 'a/blob').catch(() => undefined);
        // A store may go on behind the cut by itself; half must not look like all.
        expect(read === undefined || read.equals(bytes)).toBe(true);
      },
    );

    it.each<[string, (Fault | undefined)[]]>([
      ['is told 503 in the middle', [undefined, undefined, 503]],
      ['loses an answer in the middle', [undefined, undefined, 'lost']],
      ['says nothing in the middle', [undefined, undefined, 'silent']],
      ['is told 503 at the end', [undefined, undefined, undefined, 503]],
      ['loses the last answer', [undefined, undefined, undefined, 'lost']],
    ])('puts a blob in one slow stream when it %s', async (_, faults) => {
      const large = randomBytes(40_000_000);
      line.faults = faults;
      await store.put({
        key: 'a/large',
        size: large.length,
        digest: digestOf(large),
        body: bodyOf(large),
      });
      expect(line.faults).toEqual([]);
      expect((await bytesOf(store, 'a/large')).equals(large)).toBe(true);
    });

    it('puts twenty blobs at once through a storm of refusals', async () => {
      line.faults = Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0 ? 429 : 503,
      );
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => put(`a/${index}`)),
      );
      expect((await keysOf(store, 'a/')).length).toBe(20);
    });
  });
}
