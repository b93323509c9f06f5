import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import { BlobCollector } from './BlobCollector';
import { blobKey } from '../model/keys';
import type { VersionRecord } from './ports';
import { Purger } from './Purger';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const HOUR = 3_600_000;
const DAY = 24;

describe.each(databases.eachSupportedId())('what is deleted on %p', id => {
  let here: Installation;
  let purger: Purger;
  let collector: BlobCollector;
  let first: VersionRecord;

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
    purger = new Purger(here);
    collector = new BlobCollector({ ...here, graceMs: DAY * HOUR });
    for (const text of ['shared', 'own']) await here.arrive(text);
    await here.repository.blobs.publish(
      here.assetId,
      ['shared', 'own'].map(digestOf),
    );
    first = await here.makeVersion(1, ['shared', 'own']);
    await here.makeVersion(2, ['shared']);
  });

  afterEach(() => here.remove());

  const deletionUntil = (days: number) => ({
    at: here.now(),
    by: 'user:default/maya',
    until: new Date(Date.parse(here.now()) + days * DAY * HOUR).toISOString(),
  });
  const stand = async () => {
    const found: string[] = [];
    for (const text of ['shared', 'own']) {
      if (await here.stands(blobKey(here.uid, digestOf(text))))
        found.push(text);
    }
    return found;
  };
  const runAt = async (days: number) => {
    here.at(days * DAY);
    await purger.run();
    await collector.run();
  };
  const purgedAt = async () =>
    (await here.repository.versions.byId(first.id)).deletion?.purgedAt;

  it('keeps its bytes as long as it can be brought back, and what others need for ever', async () => {
    await here.repository.versions.setDeletion(first.id, deletionUntil(14));
    await runAt(13);
    expect(await purgedAt()).toBeUndefined();
    await runAt(15);
    expect(await purgedAt()).toBeDefined();
    expect(await stand()).toEqual(['shared', 'own']);
    await runAt(17);
    expect(await stand()).toEqual(['shared']);
    // The manifest tells what it was.
    const page = await here.manifests.pageText({
      uid: here.uid,
      versionId: first.id,
      position: 0,
    });
    expect(page).toContain(digestOf('own'));
  });

  it('waits for an upload that may rely on its bytes', async () => {
    await here.repository.versions.setDeletion(first.id, deletionUntil(1));
    await here.repository.uploads.insert({
      id: 'upload',
      assetId: here.assetId,
      store: 'local',
      digest: digestOf('manifest'),
      fileCount: 1,
      size: 4,
      createdAt: here.now(),
      createdBy: 'user:default/maya',
      heardAt: here.now(),
      expiresAt: deletionUntil(7).until,
    });
    await runAt(2);
    expect(await purgedAt()).toBeUndefined();
    await runAt(8);
    expect(await purgedAt()).toBeDefined();
  });

  it('gives nothing up that is put on hold while it looks', async () => {
    await here.repository.versions.setDeletion(first.id, deletionUntil(1));
    const among = here.heldBlobs.among.bind(here.heldBlobs);
    here.heldBlobs.among = async (...args) => {
      here.heldBlobs.among = among;
      const found = await among(...args);
      await here.repository.holds.insert({
        id: 'hold',
        assetId: here.assetId,
        versionId: undefined,
        reason: 'a court asks for it',
        placedAt: here.now(),
        placedBy: 'user:default/maya',
      });
      return found;
    };
    await runAt(2);
    expect(await purgedAt()).toBeUndefined();
    await runAt(5);
    expect(await stand()).toEqual(['shared', 'own']);
  });

  it('gives nothing up when a version comes back while it looks', async () => {
    await here.repository.versions.setDeletion(first.id, deletionUntil(1));
    const among = here.heldBlobs.among.bind(here.heldBlobs);
    here.heldBlobs.among = async (...args) => {
      here.heldBlobs.among = among;
      const found = await among(...args);
      await here.arrive('more');
      await here.makeVersion(3, ['own', 'more']);
      return found;
    };
    await runAt(2);
    expect(await purgedAt()).toBeUndefined();
    await runAt(3);
    await runAt(5);
    expect(await stand()).toEqual(['shared', 'own']);
  });

  it('touches nothing while a manifest can not be read', async () => {
    await here.repository.versions.setDeletion(first.id, deletionUntil(1));
    here.manifests.entries = async () => {
      throw new Error('the store does not answer');
    };
    await runAt(2);
    expect(await purgedAt()).toBeUndefined();
    expect(await stand()).toEqual(['shared', 'own']);
  });

  it('gives up all of a deleted asset, and its name, and not what another one links', async () => {
    const other = await here.makeAsset('other');
    const linked = await here.repository.blobs.find(here.assetId, [
      digestOf('shared'),
    ]);
    await here.repository.blobs.add(
      other,
      linked.get(digestOf('shared'))!,
      here.now(),
    );
    await here.repository.blobs.publish(other, [digestOf('shared')]);
    await here.repository.assets.setDeletion(here.assetId, deletionUntil(14));
    const name = { namespace: 'default', name: 'asset' };
    const found = () => here.repository.assets.find(name, 'everything');
    await runAt(13);
    expect((await found())?.deletion).toBeDefined();
    await runAt(15);
    expect(await found()).toBeUndefined();
    await runAt(17);
    expect(await stand()).toEqual(['shared']);
  });
});
