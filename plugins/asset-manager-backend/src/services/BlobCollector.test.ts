import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import { BlobCollector } from './BlobCollector';
import { deletionTimes } from './deletionTimes';
import { blobKey } from '../model/keys';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const HOUR = 3_600_000;

describe.each(databases.eachSupportedId())('the collector on %p', id => {
  let here: Installation;
  let collector: BlobCollector;

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
    collector = new BlobCollector({ ...here, graceMs: 24 * HOUR });
  });

  afterEach(() => here.remove());

  const stands = (text: string) =>
    here.stands(blobKey(here.uid, digestOf(text)));

  it('deletes what an aborted push left, once the grace is over twice', async () => {
    await here.arrive('left');
    here.at(23);
    expect(await collector.run()).toBe(0);
    expect((await collector.plan()).items).toMatchObject([
      {
        reason: 'unfinished',
        size: 4,
        keptBy: expect.stringContaining('the grace'),
      },
    ]);
    here.at(25);
    expect(await collector.run()).toBe(0);
    expect(await stands('left')).toBe(true);
    expect((await collector.plan()).items).toMatchObject([
      { reason: 'condemned', keptBy: expect.stringContaining('the grace') },
    ]);
    here.at(50);
    expect((await collector.plan()).items[0].keptBy).toBeUndefined();
    expect(await collector.run()).toBe(1);
    expect(await stands('left')).toBe(false);
    expect((await collector.plan()).items).toEqual([]);
  });

  it('deletes nothing that was written anew while it was held up', async () => {
    await here.arrive('left');
    here.at(25);
    await collector.run();
    here.at(50);
    const store = here.stores.get('local');
    const { stat } = store;
    let revision = 0;
    jest.spyOn(store, 'stat').mockImplementation(async key => {
      const standing = await stat.call(store, key);
      return standing && { ...standing, revision: `${revision}` };
    });
    const remove = store.delete.bind(store);
    jest.spyOn(store, 'delete').mockImplementation(async (key, options) => {
      // Another process took over, and somebody sent the bytes again.
      revision++;
      return options?.revision === `${revision}` ? remove(key) : false;
    });
    expect(await collector.run()).toBe(0);
    expect(await stands('left')).toBe(true);
  });

  it('deletes nothing once another one has taken the word over', async () => {
    await here.arrive('left');
    here.at(25);
    await collector.run();
    here.at(50);
    const { blobs } = here.repository;
    const begin = blobs.beginDelete.bind(blobs);
    jest.spyOn(blobs, 'beginDelete').mockImplementation(async (copy, times) => {
      const begun = await begin(copy, times);
      // It is held up, another one deletes, and the same bytes are sent again.
      here.at(51);
      const later = deletionTimes(here.now());
      expect(await begin(copy, later)).toBe(true);
      await blobs.deleted(copy, later.now);
      await here.arrive('left');
      return begun;
    });
    expect(await collector.run()).toBe(0);
    expect(await stands('left')).toBe(true);
    expect((await here.textOf('left')).text).toBe('left');
  });

  it('deletes nothing that came after it had found nothing', async () => {
    await here.arrive('left');
    here.at(25);
    await collector.run();
    here.at(50);
    const store = here.stores.get('local');
    jest.spyOn(store, 'stat').mockResolvedValueOnce(undefined);
    expect(await collector.run()).toBe(1);
    expect(await stands('left')).toBe(true);
  });

  it('keeps what an open upload may still use, and says so', async () => {
    const used = await here.arrive('used');
    await here.openUpload(
      new Date(Date.parse(here.now()) + 100 * HOUR).toISOString(),
    );
    here.at(99);
    await collector.run();
    expect((await collector.plan()).items).toMatchObject([
      { keptBy: expect.stringContaining('an upload of asset') },
    ]);
    expect(
      (await here.repository.blobs.find(here.assetId, [used])).get(used),
    ).toHaveLength(1);
  });

  it('keeps what a version holds, also when the commit could not say so', async () => {
    await here.arrive('held');
    await here.arrive('left');
    await here.makeVersion(1, ['held']);
    here.at(25);
    await collector.run();
    here.at(50);
    expect(await collector.run()).toBe(1);
    expect([await stands('held'), await stands('left')]).toEqual([true, false]);
    expect((await collector.plan()).items).toEqual([]);
  });

  it('writes what is still in use of a pack into another one, and deletes the former', async () => {
    const pack = await here.arrivePacked(['left', 'held', 'kept']);
    await here.makeVersion(1, ['held', 'kept']);
    here.at(25);
    await collector.run();
    expect(await here.textOf('held')).toEqual({ key: pack, text: 'held' });
    here.at(50);
    expect(await collector.run()).toBe(0);
    const after = await here.textOf('kept');
    expect(after.text).toBe('kept');
    expect(after.key).not.toBe(pack);
    // Readers may have been sent to the former one a moment ago.
    expect(await here.stands(pack)).toBe(true);
    here.at(75);
    expect(await collector.run()).toBe(1);
    expect(await here.stands(pack)).toBe(false);
    expect((await here.textOf('held')).text).toBe('held');
    expect((await collector.plan()).items).toEqual([]);
  });

  it('leaves a condemned pack as it is when all of it is in use again', async () => {
    const pack = await here.arrivePacked(['one', 'two']);
    await here.makeVersion(1, ['one', 'two']);
    here.at(25);
    await collector.run();
    // A linked blob was forgotten by another asset.
    await here.repository.blobs.repacked(
      { store: 'local', key: pack },
      { key: pack, blobs: [] },
      here.now(),
    );
    expect((await collector.plan()).items).toHaveLength(1);
    here.at(50);
    expect(await collector.run()).toBe(0);
    expect((await here.textOf('one')).key).toBe(pack);
    expect((await collector.plan()).items).toEqual([]);
  });

  it('touches nothing when a version is made while it looks', async () => {
    await here.arrive('late');
    await here.arrive('other');
    await here.makeVersion(1, ['other']);
    here.at(25);
    const original = here.manifests.entries.bind(here.manifests);
    here.manifests.entries = async (...args) => {
      here.manifests.entries = original;
      await here.makeVersion(2, ['late', 'other']);
      return original(...args);
    };
    await collector.run();
    here.at(50);
    await collector.run();
    expect(await stands('late')).toBe(true);
  });

  it('touches nothing of an asset whose manifests can not be read', async () => {
    await here.arrive('left');
    await here.makeVersion(1, ['left']);
    here.manifests.entries = async () => {
      throw new Error('the store does not answer');
    };
    here.at(25);
    await collector.run();
    here.at(50);
    expect(await collector.run()).toBe(0);
    expect(await stands('left')).toBe(true);
  });
});
