import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import {
  BLOCK_SIZE,
  blocksAround,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import { blobKey, blocksKey } from '../model/keys';
import { BlobCollector } from './BlobCollector';
import { BlockDigests } from './BlockDigests';
import type { BlobRecord } from './ports';

const databases = TestDatabases.create({ ids: ['SQLITE_3'] });
jest.setTimeout(60_000);

const HOUR = 3_600_000;
const SIZE = 3 * 1024 * 1024 + 17;

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

describe('blocksAround', () => {
  it.each([
    ['one byte', 5, 6, { first: 0, count: 1, start: 0, end: 65_536 }],
    [
      'a border',
      65_535,
      65_537,
      { first: 0, count: 2, start: 0, end: 131_072 },
    ],
    [
      'a block',
      65_536,
      131_072,
      { first: 1, count: 1, start: 65_536, end: 131_072 },
    ],
    [
      'the last bytes',
      199_999,
      200_000,
      { first: 3, count: 1, start: 196_608, end: 200_000 },
    ],
    [
      'more than there is',
      0,
      1e9,
      { first: 0, count: 4, start: 0, end: 200_000 },
    ],
  ])('finds those of %s', (_, start, end, expected) => {
    expect(blocksAround({ start, end }, 200_000)).toEqual(expected);
  });
});

describe('the digests of blocks', () => {
  let here: Installation;
  let copy: BlobRecord;
  let bytes: Buffer;

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init('SQLITE_3'),
      mockServices.logger.mock(),
    );
    bytes = randomBytes(SIZE);
    const digest = `sha256:${sha256(bytes).toString('hex')}` as const;
    const key = blobKey(here.uid, digest);
    await here.stores
      .get('local')
      .put({ key, size: SIZE, digest, body: Readable.from([bytes]) });
    await here.repository.blobs.add(
      here.assetId,
      [{ digest, size: SIZE, key, store: 'local', state: 'verified' }],
      here.now(),
    );
    [copy] = (await here.repository.blobs.find(here.assetId, [digest])).get(
      digest,
    )!;
  });

  afterEach(() => here.remove());

  const blockDigest = (index: number) =>
    sha256(bytes.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE));

  it('are made when somebody asks, once for many who ask at once', async () => {
    const open = jest.spyOn(here.stores.get('local'), 'open');
    const answers = await Promise.all(
      [0, 1, 2].map(first => here.blocks.read(copy, { first, count: 2 })),
    );
    answers.forEach((answer, first) =>
      expect(
        answer.equals(
          Buffer.concat([blockDigest(first), blockDigest(first + 1)]),
        ),
      ).toBe(true),
    );
    expect(open.mock.calls.filter(([key]) => key === copy.key)).toHaveLength(1);
    await here.blocks.read(copy, { first: 0, count: 1 });
    expect(open.mock.calls.filter(([key]) => key === copy.key)).toHaveLength(1);
  });

  it('end where the file ends', async () => {
    const last = Math.floor(SIZE / BLOCK_SIZE);
    const answer = await here.blocks.read(copy, { first: last, count: 100 });
    expect(answer.equals(blockDigest(last))).toBe(true);
  });

  it('are not made of damaged bytes', async () => {
    bytes[1_000_000] += 1;
    const store = here.stores.get('local');
    await store.delete(copy.key);
    await store.put({
      key: copy.key,
      size: SIZE,
      digest: `sha256:${sha256(bytes).toString('hex')}`,
      body: Readable.from([bytes]),
    });
    await expect(
      here.blocks.read(copy, { first: 0, count: 1 }),
    ).rejects.toThrow(/damaged/);
    expect(await store.stat(blocksKey(copy.key))).toBeUndefined();
    // Nor is all of it read again for everybody who asks.
    const open = jest.spyOn(store, 'open');
    await expect(
      here.blocks.read(copy, { first: 0, count: 1 }),
    ).rejects.toThrow(/damaged/);
    expect(open).not.toHaveBeenCalled();
  });

  it('are made anew when they were cut', async () => {
    await here.put(blocksKey(copy.key), 'too short');
    const read = await here.blocks.read(copy, { first: 3, count: 1 });
    expect(read.equals(blockDigest(3))).toBe(true);
  });

  it('are made anew when a bit of them has rotted', async () => {
    await here.blocks.read(copy, { first: 0, count: 1 });
    const key = blocksKey(copy.key);
    const store = here.stores.get('local');
    const chunks: Buffer[] = [];
    for await (const chunk of await store.open(key)) chunks.push(chunk);
    const rotten = Buffer.concat(chunks);
    rotten[3 * 32] = (rotten[3 * 32] + 1) % 256;
    await store.delete(key);
    await store.put({
      key,
      size: rotten.length,
      digest: `sha256:${sha256(rotten).toString('hex')}`,
      body: Readable.from([rotten]),
    });
    // As after a start: this process has seen the right ones.
    const later = new BlockDigests(here);
    const read = await later.read(copy, { first: 3, count: 1 });
    expect(read.equals(blockDigest(3))).toBe(true);
  });

  it('are told of at once to who does not wait, and are made all the same', async () => {
    const read = () =>
      here.blocks.read(copy, { first: 0, count: 1 }, { wait: false });
    await expect(read()).rejects.toThrow(
      expect.objectContaining({ name: 'ServiceUnavailableError' }),
    );
    await here.blocks.read(copy, { first: 0, count: 1 });
    expect((await read()).equals(blockDigest(0))).toBe(true);
  });

  it('are left to the task that is about to read the file', async () => {
    await expect(
      here.blocks.read(
        { ...copy, state: 'received' },
        { first: 0, count: 1 },
        { wait: false },
      ),
    ).rejects.toThrow(/first time/);
    expect(await here.stands(blocksKey(copy.key))).toBe(false);
  });

  it('are read from the pack itself for what stands in one', async () => {
    const key = await here.arrivePacked(['first', 'second']);
    const digest = `sha256:${sha256(Buffer.from('second')).toString(
      'hex',
    )}` as const;
    const [packed] = (
      await here.repository.blobs.find(here.assetId, [digest])
    ).get(digest)!;
    const read = await here.blocks.read(packed, { first: 0, count: 8 });
    expect(read.equals(sha256(Buffer.from('second')))).toBe(true);
    expect(await here.stands(key)).toBe(true);
  });

  it('are no orphans while their blob stands, and go with it', async () => {
    await here.blocks.read(copy, { first: 0, count: 1 });
    const key = blocksKey(copy.key);
    const known = await here.repository.objects.known('local', [key]);
    expect([...known]).toEqual([key]);
    const collector = new BlobCollector({ ...here, graceMs: 24 * HOUR });
    for (const hours of [25, 50]) {
      here.at(hours);
      await collector.run();
    }
    expect(await here.stands(copy.key)).toBe(false);
    expect(await here.stands(key)).toBe(false);
  });

  it('are found as orphans when a crash left them', async () => {
    await here.blocks.read(copy, { first: 0, count: 1 });
    await here.stores.get('local').delete(copy.key);
    await here.repository.blobs.forgetUnpublished(
      here.assetId,
      [copy.digest],
      here.now(),
    );
    await here.repository.blobs.pardon(copy);
    const known = await here.repository.objects.known('local', [
      blocksKey(copy.key),
    ]);
    expect([...known]).toEqual([]);
  });
});
