import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { blobKey, pageKey, recordPrefix, versionKey } from '../model/keys';
import { Installation } from '../__testUtils__/Installation';
import { BlobCollector } from './BlobCollector';
import { BlobCopier } from './BlobCopier';
import { ChangeSignal } from './ChangeSignal';
import { ContentVerifier } from './ContentVerifier';
import { RecordKeeper } from './RecordKeeper';
import { StoreRebuilder } from './StoreRebuilder';
import { UnknownVersions } from './UnknownVersions';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const HOUR = 3_600_000;

describe.each(databases.eachSupportedId())('a rebuild on %p', id => {
  let before: Installation;
  let after: Installation;

  beforeEach(async () => {
    const logger = mockServices.logger.mock();
    before = await Installation.create(await databases.init(id), logger);
    after = await before.withAnotherDatabase(await databases.init(id));
  });

  afterEach(() => before.remove());

  const keep = (here: Installation) => new RecordKeeper(here).run();
  const rebuild = (here: Installation, dryRun = false) =>
    new StoreRebuilder({
      ...here,
      changed: new ChangeSignal(),
      onReceived: () => {},
    }).run(dryRun);
  const verify = (here: Installation) =>
    new ContentVerifier({ ...here, changed: new ChangeSignal() }).run();

  async function publish(
    here: Installation,
    sequence: number,
    texts: string[],
  ) {
    await here.repository.blobs.publish(here.assetId, texts.map(digestOf));
    const version = await here.makeVersion(sequence, texts, {
      message: `message ${sequence}`,
      metadata: { sequence },
    });
    await here.change('version.created', version.label);
    return version;
  }

  async function listRecords(store = 'local') {
    const keys: string[] = [];
    for await (const { key } of before.stores
      .get(store)
      .list(recordPrefix(before.uid)))
      keys.push(key);
    return keys;
  }

  it('brings assets, versions, aliases and bytes back into an empty database', async () => {
    await before.arrive('alone');
    await before.arrivePacked(['in a', 'pack']);
    const first = await publish(before, 1, ['alone', 'in a']);
    const second = await publish(before, 2, ['alone', 'in a', 'pack']);
    await before.repository.versions.setMetadata(second.id, { changed: true });
    await before.repository.versions.setRetraction(second.id, {
      at: before.now(),
      by: 'user:default/maya',
      reason: 'swapped',
    });
    await before.repository.holds.insert({
      id: 'hold',
      assetId: before.assetId,
      versionId: first.id,
      reason: 'court',
      placedAt: before.now(),
      placedBy: 'user:default/ada',
    });
    await before.repository.aliases.set(before.assetId, {
      name: 'good',
      versionId: first.id,
      updatedAt: before.now(),
      updatedBy: 'user:default/maya',
    });
    for (const [sequence, from, to] of [
      [1, 'created', 'published'],
      [2, 'published', 'archived'],
    ] as const)
      await before.repository.transitions.insert({
        assetId: before.assetId,
        versionId: first.id,
        sequence,
        from,
        to,
        reason: `move ${sequence}`,
        type: 'generic',
        typeRevision: 1,
        at: before.now(),
        by: 'user:default/maya',
      });
    await keep(before);

    expect(await rebuild(after, true)).toMatchObject({
      dryRun: true,
      records: 1,
      assets: [{ asset: 'asset', state: 'restored', versions: ['1', '2'] }],
    });
    expect(await after.repository.objects.assetIds([before.uid])).toEqual(
      new Map(),
    );
    expect(await rebuild(after)).toMatchObject({
      assets: [{ asset: 'asset', state: 'restored', versions: ['1', '2'] }],
    });
    await verify(after);

    const { repository } = after;
    const asset = await repository.assets.find(
      { namespace: 'default', name: 'asset' },
      'everything',
    );
    after.assetId = asset!.id;
    expect(asset).toMatchObject({
      uid: before.uid,
      owner: 'group:default/team',
      type: 'generic',
    });
    const versions = await repository.versions.list({
      assetId: asset!.id,
      limit: 9,
    });
    expect(versions).toMatchObject([
      { label: '2', sequence: 2, verification: 'verified' },
      {
        label: '1',
        digest: first.digest,
        message: 'message 1',
        metadata: { sequence: 1 },
        createdBy: 'user:default/maya',
        verification: 'verified',
      },
    ]);
    expect(await repository.aliases.list(asset!.id)).toMatchObject([
      { name: 'good', versionId: versions[1].id },
    ]);
    expect(versions[0]).toMatchObject({
      metadata: { changed: true },
      retraction: { by: 'user:default/maya', reason: 'swapped' },
    });
    expect(await repository.holds.list(asset!.id)).toMatchObject([
      { versionId: versions[1].id, reason: 'court' },
    ]);
    const moves = await repository.transitions.list({ assetId: asset!.id });
    expect(moves).toMatchObject([
      { versionId: versions[1].id, to: 'archived', reason: 'move 2' },
      { versionId: versions[1].id, to: 'published', reason: 'move 1' },
    ]);
    for (const text of ['alone', 'in a', 'pack'])
      expect((await after.textOf(text)).text).toBe(text);
    expect((await rebuild(after)).assets).toEqual([]);
  });

  it('adds what a database from a backup lacks, and leaves the rest', async () => {
    await before.arrive('first');
    await publish(before, 1, ['first']);
    await keep(before);
    await rebuild(after);
    const ids = await after.repository.objects.assetIds([before.uid]);
    after.assetId = ids.get(before.uid)!;
    await keep(after);

    await before.arrive('second');
    await publish(before, 2, ['second']);
    const card = await before.repository.assets.byId(before.assetId);
    await before.repository.assets.update({
      ...card,
      visibility: 'restricted',
    });
    before.at(1);
    await keep(before);
    expect(await listRecords()).toHaveLength(1);

    expect(await rebuild(after)).toMatchObject({
      assets: [{ state: 'completed', versions: ['2'] }],
    });
    expect(await after.repository.assets.byId(after.assetId)).toMatchObject({
      visibility: 'restricted',
    });
    expect((await after.textOf('second')).text).toBe('second');
  });

  it('does not bring back what was deleted for good, and keeps deleted what can come back', async () => {
    await before.arrive('gone');
    await before.arrive('undoable');
    const gone = await publish(before, 1, ['gone']);
    const undoable = await publish(before, 2, ['undoable']);
    const deletion = { at: before.now(), by: 'user:default/maya' };
    await before.repository.versions.setDeletion(gone.id, {
      ...deletion,
      until: before.later(1),
    });
    await before.repository.versions.setDeletion(undoable.id, {
      ...deletion,
      until: before.later(100),
    });
    await keep(before);
    after.at(2);
    expect(await rebuild(after)).toMatchObject({
      assets: [{ versions: ['2'] }],
    });
    const ids = await after.repository.objects.assetIds([before.uid]);
    expect(
      await after.repository.versions.deleted(ids.get(before.uid)!),
    ).toMatchObject([{ label: '2', deletion: { until: before.later(100) } }]);
  });

  it('deletes again what was deleted after the backup, unless the database knows better', async () => {
    await before.arrive('named');
    await publish(before, 1, ['named']);
    await keep(before);
    await rebuild(after);
    const ids = await after.repository.objects.assetIds([before.uid]);
    after.assetId = ids.get(before.uid)!;
    const deletion = {
      at: before.later(1),
      by: 'user:default/maya',
      reason: 'holds names of patients',
      until: before.later(300),
    };
    before.at(1);
    const [version] = await before.repository.versions.list({
      assetId: before.assetId,
      limit: 1,
    });
    await before.repository.versions.setDeletion(version.id, deletion);
    await before.change('version.deleted', '1');
    await keep(before);
    const deletedIn = async () =>
      (await after.repository.versions.deleted(after.assetId)).map(
        each => each.deletion?.reason,
      );
    expect((await rebuild(after, true)).assets).toMatchObject([
      { state: 'completed' },
    ]);
    expect(await deletedIn()).toEqual([]);
    await rebuild(after);
    expect(await deletedIn()).toEqual(['holds names of patients']);
    // Brought back by a person, later than the record.
    const [known] = await after.repository.versions.deleted(after.assetId);
    await after.repository.versions.setDeletion(known.id, undefined);
    await after.repository.assets.touch(after.assetId, before.later(1));
    await rebuild(after);
    expect(await deletedIn()).toEqual([]);
  });

  it.each([true, false])(
    'holds on to what was deleted for good and is on hold, all of it: %p',
    async all => {
      await before.arrive('text');
      const version = await publish(before, 1, ['text']);
      await before.repository.versions.setDeletion(version.id, {
        at: before.now(),
        by: 'user:default/maya',
        until: before.later(1),
      });
      await before.repository.holds.insert({
        id: 'hold',
        assetId: before.assetId,
        versionId: all ? undefined : version.id,
        reason: 'a court asks for it',
        placedAt: before.now(),
        placedBy: 'user:default/maya',
      });
      await before.change('version.deleted', '1');
      await keep(before);
      after.at(2);
      await rebuild(after);
      const ids = await after.repository.objects.assetIds([before.uid]);
      const [known] = await after.repository.versions.deleted(
        ids.get(before.uid)!,
      );
      expect(known?.label).toBe('1');
      expect(await after.stands(versionKey(before.uid, version.digest))).toBe(
        true,
      );
    },
  );

  it('lets go of what was deleted for good after the backup', async () => {
    await before.arrive('text');
    await publish(before, 1, ['text']);
    await keep(before);
    await rebuild(after);
    const ids = await after.repository.objects.assetIds([before.uid]);
    after.assetId = ids.get(before.uid)!;
    await before.arrive('gone');
    const gone = await publish(before, 2, ['gone']);
    await before.repository.versions.setDeletion(gone.id, {
      at: before.now(),
      by: 'user:default/maya',
      until: before.later(1),
    });
    await before.change('version.deleted', '2');
    await keep(before);
    after.at(2);
    const isUnknown = () => new UnknownVersions(after).has(before.uid);
    expect(await isUnknown()).toBe(true);
    await rebuild(after, true);
    expect(await isUnknown()).toBe(true);
    await rebuild(after);
    expect(await isUnknown()).toBe(false);
    expect(
      await after.repository.versions.byLabel(after.assetId, '2'),
    ).toBeUndefined();
    expect(
      await after.repository.versions.byLabel(after.assetId, '1'),
    ).toBeDefined();
  });

  it('is waited for by the collection, also when it was cut off', async () => {
    await before.arrive('text');
    const version = await publish(before, 1, ['text']);
    await keep(before);
    const [page] = await before.repository.versions.pages(version.id);
    const pageText = await before.bytesAt(pageKey(before.uid, page.digest));
    await before.stores.get('local').delete(pageKey(before.uid, page.digest));
    expect(await rebuild(after)).toMatchObject({
      assets: [{ versions: [], reason: expect.stringContaining('no store') }],
    });
    const collector = new BlobCollector({ ...after, graceMs: HOUR });
    for (const hours of [2, 4, 6]) {
      after.at(hours);
      expect(await collector.run()).toBe(0);
    }
    await before.put(pageKey(before.uid, page.digest), pageText);
    expect(await rebuild(after)).toMatchObject({
      assets: [{ state: 'completed', versions: ['1'] }],
    });
    const ids = await after.repository.objects.assetIds([before.uid]);
    after.assetId = ids.get(before.uid)!;
    expect((await after.textOf('text')).text).toBe('text');
  });

  it('finds what an asset is that was moved, when its former store is gone', async () => {
    await before.arrive('text');
    await publish(before, 1, ['text']);
    await keep(before);
    await before.repository.copyJobs.insert({
      id: 'job',
      assetId: before.assetId,
      store: 'other',
      mode: 'move',
      state: 'queued',
      copiedBlobs: 0,
      copiedBytes: 0,
      totalBytes: 4,
      createdAt: before.now(),
      createdBy: 'user:default/maya',
      updatedAt: before.now(),
    });
    before.at(1);
    await new BlobCopier(before).run();
    const local = before.stores.get('local');
    for await (const { key } of local.list('')) await local.delete(key);
    expect(await rebuild(after)).toMatchObject({
      assets: [{ state: 'restored', versions: ['1'] }],
    });
    await verify(after);
    const ids = await after.repository.objects.assetIds([before.uid]);
    expect(
      await after.repository.versions.latest(ids.get(before.uid)!),
    ).toMatchObject({ label: '1', verification: 'verified' });
  });

  it('says of a version whose bytes are gone that it is damaged', async () => {
    await before.arrive('text');
    await publish(before, 1, ['text']);
    await keep(before);
    await before.stores
      .get('local')
      .delete(blobKey(before.uid, digestOf('text')));
    await rebuild(after);
    await verify(after);
    const ids = await after.repository.objects.assetIds([before.uid]);
    expect(
      await after.repository.versions.latest(ids.get(before.uid)!),
    ).toMatchObject({ verification: 'damaged' });
  });

  it('reads the record that takes the place of another one meanwhile', async () => {
    await before.arrive('text');
    await publish(before, 1, ['text']);
    await keep(before);
    const local = before.stores.get('local');
    const open = jest.spyOn(local, 'open').mockImplementationOnce(async key => {
      open.mockRestore();
      before.at(1);
      await before.change('asset.updated');
      await keep(before);
      return local.open(key);
    });
    expect(await rebuild(after)).toMatchObject({
      assets: [{ state: 'restored', versions: ['1'] }],
    });
    expect(await listRecords()).toHaveLength(1);
  });

  it('skips a record that it can not read, and says so', async () => {
    await before.change('asset.created');
    await keep(before);
    const [key] = await listRecords();
    await before.overwrite(key, '{"format":"baseasset-asset/2"}');
    expect(await rebuild(after)).toMatchObject({
      assets: [
        {
          uid: before.uid,
          state: 'skipped',
          reason: expect.stringContaining('not of the format'),
        },
      ],
    });
  });

  it('takes an empty asset of the same name for the same, as a declaration makes it', async () => {
    await before.arrive('text');
    await publish(before, 1, ['text']);
    await keep(before);
    after.assetId = await after.makeAsset('asset', '01jother');
    expect(await rebuild(after)).toMatchObject({
      assets: [{ state: 'restored', versions: ['1'] }],
    });
    expect((await after.repository.assets.byId(after.assetId)).uid).toBe(
      before.uid,
    );
    expect((await after.textOf('text')).text).toBe('text');
  });

  it('skips an asset whose name another one has', async () => {
    await before.arrive('text');
    await publish(before, 1, ['text']);
    await keep(before);
    after.assetId = await after.makeAsset('asset', '01jother');
    await after.arrive('other');
    await publish(after, 1, ['other']);
    expect(await rebuild(after)).toMatchObject({
      assets: [
        { state: 'skipped', reason: expect.stringContaining('is taken') },
      ],
    });
  });
});
