import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import { BlobCopier } from './BlobCopier';
import { ReplicaKeeper } from './ReplicaKeeper';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())('replicas by rule on %p', id => {
  let here: Installation;
  let keeper: ReplicaKeeper;
  let queued: jest.Mock;

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
    let count = 0;
    queued = jest.fn();
    keeper = new ReplicaKeeper({
      repository: here.repository,
      rules: [
        { type: 'generic', store: 'other' },
        { namespace: 'elsewhere', store: 'local' },
      ],
      now: here.now,
      createId: () => `job-${String(count++).padStart(3, '0')}`,
      onQueued: queued,
    });
  });

  afterEach(() => here.remove());

  async function publish(sequence: number, texts: string[]) {
    for (const text of texts) await here.arrive(text);
    await here.repository.blobs.publish(here.assetId, texts.map(digestOf));
    const { label } = await here.makeVersion(sequence, texts);
    await here.change('version.created', label);
  }

  const jobs = () => here.repository.copyJobs.list(here.assetId, 10);

  it('brings what a new version holds to the stores that a rule names', async () => {
    await publish(1, ['first']);
    await keeper.run();
    expect(await jobs()).toMatchObject([
      { store: 'other', mode: 'replicate', totalBytes: 5, state: 'queued' },
    ]);
    expect(queued).toHaveBeenCalledTimes(1);
    // What comes while one waits is brought by it.
    await publish(2, ['second']);
    await keeper.run();
    expect(await jobs()).toHaveLength(1);
    await new BlobCopier(here).run();
    const found = await here.repository.blobs.find(here.assetId, [
      digestOf('first'),
      digestOf('second'),
    ]);
    for (const copies of found.values())
      expect(copies.map(({ store }) => store).sort()).toEqual([
        'local',
        'other',
      ]);
    await publish(3, ['first', 'second']);
    await keeper.run();
    expect(await jobs()).toHaveLength(1);
  });

  it('leaves deleted assets and those that no rule fits alone', async () => {
    await here.arrive('text');
    await here.repository.blobs.publish(here.assetId, [digestOf('text')]);
    await here.change('version.created', '1');
    await here.repository.assets.setDeletion(here.assetId, {
      at: here.now(),
      by: 'user:default/maya',
      until: here.later(1),
    });
    await keeper.run();
    expect(await jobs()).toEqual([]);
  });
});
