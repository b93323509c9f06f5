import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  Digest,
  digestOf,
  layOutPack,
  packHeader,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { DatabaseRepository } from '../database/DatabaseRepository';
import { LocalBlobStore } from '../storage/LocalBlobStore';
import { BlobCollector } from './BlobCollector';
import { BlobKeeper } from './BlobKeeper';
import { blobKey, ManifestReader, pageKey } from './ManifestReader';
import { PackKeeper } from './PackKeeper';
import { packKey, sha256Of } from './packs';
import type { PageRecord } from './ports';
import { Stores } from './Stores';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const HOUR = 3_600_000;
const BEGIN = Date.parse('2026-11-25T12:00:00.000Z');
const UID = '01jexampleasset';

describe.each(databases.eachSupportedId())('the collector on %p', id => {
  let directory: string;
  let repository: DatabaseRepository;
  let store: LocalBlobStore;
  let stores: Stores;
  let manifests: ManifestReader;
  let collector: BlobCollector;
  let assetId: number;
  let now = BEGIN;

  const at = (hours: number) => {
    now = BEGIN + hours * HOUR;
  };
  const time = () => new Date(now).toISOString();
  const put = async (key: string, text: string) => {
    await store.put({
      key,
      size: text.length,
      digest: digestOf(text),
      body: Readable.from([Buffer.from(text)]),
    });
  };
  /** A blob that arrived, and that no version holds yet. */
  const arrive = async (text: string): Promise<Digest> => {
    const digest = digestOf(text);
    const key = blobKey(UID, digest);
    await put(key, text);
    const blob = { digest, size: text.length, key };
    await repository.blobs.add(
      assetId,
      [{ ...blob, store: 'local', state: 'verified' }],
      time(),
    );
    return digest;
  };
  const makeVersion = async (sequence: number, texts: string[]) => {
    const built = buildManifest(
      texts.map(text => ({
        path: text,
        size: text.length,
        digest: digestOf(text),
      })),
    );
    const pages: PageRecord[] = [];
    for (const [position, page] of built.pages.entries()) {
      await put(pageKey(UID, digestOf(page)), page);
      pages.push({
        position,
        digest: digestOf(page),
        store: 'local',
        fileCount: texts.length,
        size: built.manifest.size,
        firstPath: texts[0],
      });
    }
    await repository.versions.insert(
      {
        assetId,
        sequence,
        label: `${sequence}`,
        digest: built.digest,
        fileCount: texts.length,
        size: built.manifest.size,
        metadata: {},
        verification: 'verified',
        createdAt: time(),
        createdBy: 'user:default/maya',
      },
      pages,
    );
  };
  /** Blobs that arrived in one pack. @returns its key */
  const arrivePacked = async (texts: string[]): Promise<string> => {
    const { blobs } = layOutPack(
      texts.map(text => ({ digest: digestOf(text), size: text.length })),
    );
    const pack = packHeader(blobs) + texts.join('');
    const key = packKey(UID, sha256Of(Buffer.from(pack)));
    await put(key, pack);
    await repository.blobs.add(
      assetId,
      blobs.map(blob => ({ ...blob, key, store: 'local', state: 'verified' })),
      time(),
    );
    return key;
  };
  const textOf = async (digest: Digest) => {
    const [copy] = (await repository.blobs.find(assetId, [digest])).get(
      digest,
    )!;
    const chunks: Buffer[] = [];
    for await (const chunk of await stores.open(copy)) chunks.push(chunk);
    return { key: copy.key, text: Buffer.concat(chunks).toString() };
  };
  const stands = async (digest: Digest) =>
    (await store.stat(blobKey(UID, digest))) !== undefined;

  beforeEach(async () => {
    at(0);
    directory = await mkdtemp(path.join(os.tmpdir(), 'collector-'));
    const knex = await databases.init(id);
    repository = await DatabaseRepository.create({
      database: { getClient: async () => knex },
    });
    store = await LocalBlobStore.create({ directory });
    stores = new Stores({
      byName: new Map([['local', store]]),
      defaultName: 'local',
      placement: [],
    });
    manifests = new ManifestReader({ repository, stores });
    collector = new BlobCollector({
      repository,
      manifests,
      stores,
      packs: new PackKeeper({
        repository,
        stores,
        keeper: new BlobKeeper({ repository, stores }),
        now: time,
      }),
      now: time,
      graceMs: 24 * HOUR,
      logger: mockServices.logger.mock(),
    });
    const asset = await repository.assets.insert({
      namespace: 'default',
      name: 'asset',
      uid: UID,
      type: 'generic',
      owner: 'group:default/team',
      visibility: 'internal',
      tags: [],
      relations: { derivedFrom: [], producedBy: [], consumedBy: [] },
      revision: 1,
      createdAt: time(),
      createdBy: 'user:default/maya',
      updatedAt: time(),
    });
    assetId = asset.id;
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('deletes what an aborted push left, once the grace is over twice', async () => {
    const left = await arrive('left');
    at(23);
    expect(await collector.run()).toBe(0);
    expect((await collector.plan()).items).toMatchObject([
      {
        reason: 'unfinished',
        size: 4,
        keptBy: expect.stringContaining('the grace'),
      },
    ]);
    at(25);
    expect(await collector.run()).toBe(0);
    expect(await stands(left)).toBe(true);
    expect((await collector.plan()).items).toMatchObject([
      { reason: 'condemned', keptBy: expect.stringContaining('the grace') },
    ]);
    at(50);
    expect((await collector.plan()).items[0].keptBy).toBeUndefined();
    expect(await collector.run()).toBe(1);
    expect(await stands(left)).toBe(false);
    expect((await collector.plan()).items).toEqual([]);
  });

  it('keeps what an open upload may still use, and says so', async () => {
    const used = await arrive('used');
    await repository.uploads.insert({
      id: 'upload',
      assetId,
      store: 'local',
      digest: digestOf('manifest'),
      fileCount: 1,
      size: 4,
      createdAt: time(),
      createdBy: 'user:default/maya',
      expiresAt: new Date(BEGIN + 100 * HOUR).toISOString(),
    });
    at(99);
    await collector.run();
    expect((await collector.plan()).items).toMatchObject([
      { keptBy: expect.stringContaining('an upload of asset') },
    ]);
    expect(
      (await repository.blobs.find(assetId, [used])).get(used),
    ).toHaveLength(1);
  });

  it('keeps what a version holds, also when the commit could not say so', async () => {
    const held = await arrive('held');
    const left = await arrive('left');
    await makeVersion(1, ['held']);
    at(25);
    await collector.run();
    at(50);
    expect(await collector.run()).toBe(1);
    expect([await stands(held), await stands(left)]).toEqual([true, false]);
    expect((await collector.plan()).items).toEqual([]);
  });

  it('writes what is still in use of a pack into another one, and deletes the former', async () => {
    const pack = await arrivePacked(['left', 'held', 'kept']);
    await makeVersion(1, ['held', 'kept']);
    at(25);
    await collector.run();
    expect(await textOf(digestOf('held'))).toEqual({ key: pack, text: 'held' });
    at(50);
    expect(await collector.run()).toBe(0);
    const after = await textOf(digestOf('kept'));
    expect(after.text).toBe('kept');
    expect(after.key).not.toBe(pack);
    // Readers may have been sent to the former one a moment ago.
    expect(await store.stat(pack)).toBeDefined();
    at(75);
    expect(await collector.run()).toBe(1);
    expect(await store.stat(pack)).toBeUndefined();
    expect((await textOf(digestOf('held'))).text).toBe('held');
    expect((await collector.plan()).items).toEqual([]);
  });

  it('leaves a condemned pack as it is when all of it is in use again', async () => {
    const pack = await arrivePacked(['one', 'two']);
    await makeVersion(1, ['one', 'two']);
    at(25);
    await collector.run();
    // A linked blob was forgotten by another asset.
    await repository.blobs.repacked(
      { store: 'local', key: pack },
      { key: pack, blobs: [] },
      time(),
    );
    expect((await collector.plan()).items).toHaveLength(1);
    at(50);
    expect(await collector.run()).toBe(0);
    expect((await textOf(digestOf('one'))).key).toBe(pack);
    expect((await collector.plan()).items).toEqual([]);
  });

  it('touches nothing when a version is made while it looks', async () => {
    const late = await arrive('late');
    await arrive('other');
    await makeVersion(1, ['other']);
    at(25);
    const original = manifests.entries.bind(manifests);
    manifests.entries = async (...args) => {
      manifests.entries = original;
      await makeVersion(2, ['late', 'other']);
      return original(...args);
    };
    await collector.run();
    at(50);
    await collector.run();
    expect(await stands(late)).toBe(true);
  });

  it('touches nothing of an asset whose manifests can not be read', async () => {
    const left = await arrive('left');
    await makeVersion(1, ['left']);
    manifests.entries = async () => {
      throw new Error('the store does not answer');
    };
    at(25);
    await collector.run();
    at(50);
    expect(await collector.run()).toBe(0);
    expect(await stands(left)).toBe(true);
  });
});
