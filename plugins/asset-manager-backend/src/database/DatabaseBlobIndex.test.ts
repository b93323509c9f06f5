import { TestDatabases } from '@backstage/backend-test-utils';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobRecord } from '../services/ports';
import { deletionTimes } from '../services/deletionTimes';
import { DatabaseRepository } from './DatabaseRepository';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const NOW = '2026-11-25T12:00:00.000Z';
const LATER = '2026-11-27T12:00:00.000Z';
const TIMES = deletionTimes(NOW);
const TIMES_LATER = deletionTimes(LATER);

describe.each(databases.eachSupportedId())('the blob index on %p', id => {
  let repository: DatabaseRepository;
  let asset: number;

  const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
  const copy = (
    letter: string,
    store: string,
    more: Partial<BlobRecord> = {},
  ): BlobRecord => ({
    digest: digest(letter),
    store,
    size: 10,
    key: `key/${letter}`,
    state: 'verified',
    ...more,
  });
  const due = () =>
    repository.blobs.condemned(LATER, {
      abandoned: NOW,
      limit: 10,
      offset: 0,
      stores: ['here', 'there'],
    });

  beforeEach(async () => {
    const knex = await databases.init(id);
    repository = await DatabaseRepository.create({
      database: { getClient: async () => knex },
    });
    const { id: created } = await repository.assets.insert({
      namespace: 'default',
      name: 'asset',
      uid: 'uid',
      type: 'generic',
      owner: 'group:default/team',
      visibility: 'internal',
      tags: [],
      relations: { derivedFrom: [], producedBy: [], consumedBy: [] },
      revision: 1,
      createdAt: NOW,
      createdBy: 'user:default/maya',
      updatedAt: NOW,
    });
    asset = created;
  });

  it('takes the same copy twice in one batch, and from many at once', async () => {
    const { blobs } = repository;
    const all = [copy('a', 'here'), copy('b', 'here'), copy('a', 'here')];
    await Promise.all([
      blobs.add(asset, all, NOW),
      blobs.add(asset, [...all].reverse(), NOW),
      blobs.add(asset, all, NOW),
    ]);
    const found = await blobs.find(asset, [digest('a'), digest('b')]);
    expect(found.get(digest('a'))).toEqual([copy('a', 'here')]);
    expect(found.size).toBe(2);
  });

  it('raises a copy that was received, and lowers none that is verified', async () => {
    const { blobs } = repository;
    const received = copy('a', 'here', { state: 'received' });
    const stateNow = async () =>
      (await blobs.find(asset, [digest('a')])).get(digest('a'))?.[0].state;
    await blobs.add(asset, [received], NOW);
    expect(await stateNow()).toBe('received');
    await blobs.add(asset, [copy('a', 'here')], NOW);
    expect(await stateNow()).toBe('verified');
    await blobs.add(asset, [received], NOW);
    expect(await stateNow()).toBe('verified');
  });

  it('moves only what is verified in the new store, and condemns the rest of it', async () => {
    const { blobs } = repository;
    await blobs.add(
      asset,
      [
        copy('a', 'here'),
        copy('b', 'here'),
        copy('c', 'here'),
        copy('a', 'there'),
        copy('b', 'there', { state: 'received' }),
      ],
      NOW,
    );
    await blobs.publish(asset, [digest('a'), digest('b')]);
    expect(await blobs.outside(asset, 'there')).toMatchObject({ count: 1 });
    const lacking = await blobs.lackingIn(asset, 'there', { limit: 10 });
    // What belongs to an unfinished push alone is left where it is.
    expect(lacking).toEqual([copy('b', 'here')]);
    await blobs.keepOnlyIn(asset, 'there', NOW);
    expect(await due()).toEqual([{ store: 'here', key: 'key/a' }]);
    const found = await blobs.find(asset, [digest('a'), digest('b')]);
    expect(found.get(digest('a'))?.map(({ store }) => store)).toEqual([
      'there',
    ]);
    expect(found.get(digest('b'))).toHaveLength(2);
  });

  it('keeps condemned bytes that are claimed or referred to again', async () => {
    const { blobs } = repository;
    await blobs.add(asset, [copy('a', 'here'), copy('a', 'there')], NOW);
    await blobs.keepOnlyIn(asset, 'there', NOW);
    expect(await due()).toHaveLength(1);
    await blobs.claim([{ store: 'here', key: 'key/a' }]);
    expect(await due()).toEqual([]);
    await blobs.add(asset, [copy('a', 'here')], NOW);
    await blobs.keepOnlyIn(asset, 'there', NOW);
    await blobs.add(asset, [copy('a', 'here')], NOW);
    expect(
      await blobs.beginDelete({ store: 'here', key: 'key/a' }, TIMES),
    ).toBe(false);
  });

  it('refers to nothing that is being deleted', async () => {
    const { blobs } = repository;
    const bytes = { store: 'here', key: 'key/a' };
    await blobs.add(asset, [copy('a', 'here'), copy('a', 'there')], NOW);
    await blobs.keepOnlyIn(asset, 'there', NOW);
    expect(await blobs.beginDelete(bytes, TIMES)).toBe(true);
    const busy = expect.objectContaining({ name: 'ServiceUnavailableError' });
    await expect(blobs.claim([bytes])).rejects.toEqual(busy);
    await expect(blobs.add(asset, [copy('a', 'here')], NOW)).rejects.toEqual(
      busy,
    );
    // A second collector would delete what comes after the first one is done.
    expect(await due()).toEqual([]);
    expect(await blobs.beginDelete(bytes, TIMES)).toBe(false);
    expect(await blobs.beginDelete(bytes, TIMES_LATER)).toBe(true);
    // Who was held up has lost the word, and ends nothing.
    expect(await blobs.isDeleting(bytes, TIMES.now)).toBe(false);
    await blobs.deleted(bytes, TIMES.now);
    expect(await blobs.isDeleting(bytes, TIMES_LATER.now)).toBe(true);
    await blobs.deleted(bytes, TIMES_LATER.now);
    await blobs.add(asset, [copy('a', 'here')], NOW);
    expect(await blobs.isReferenced(bytes)).toBe(true);
  });

  it('takes damaged bytes out of use for everybody, and lets them be deleted at once', async () => {
    const { blobs } = repository;
    const bytes = { store: 'here', key: 'key/a' };
    await blobs.add(asset, [copy('a', 'here', { state: 'received' })], NOW);
    expect(await blobs.condemnDamaged(bytes, TIMES)).toBe(true);
    expect(await blobs.isReferenced(bytes)).toBe(false);
    expect((await blobs.find(asset, [digest('a')])).size).toBe(0);
    const seenAt = (abandoned: string) =>
      blobs.condemned(NOW, {
        abandoned,
        limit: 1,
        offset: 0,
        stores: ['here'],
      });
    // Whoever takes over from a process that died waits until it must be dead.
    expect(await seenAt(TIMES.abandoned)).toEqual([]);
    expect(await seenAt(TIMES_LATER.abandoned)).toEqual([bytes]);
    expect(await blobs.condemnDamaged(bytes, TIMES)).toBe(false);
    await blobs.deleted(bytes, TIMES.now);
    await blobs.add(asset, [copy('a', 'here')], NOW);
    expect((await blobs.find(asset, [digest('a')])).size).toBe(1);
  });

  it('goes by the stores that are asked for, and past those that failed', async () => {
    const { blobs } = repository;
    const letters = ['a', 'b', 'c'];
    await blobs.add(
      asset,
      letters.flatMap(letter => [copy(letter, 'here'), copy(letter, 'there')]),
      NOW,
    );
    await blobs.keepOnlyIn(asset, 'there', NOW);
    const page = (offset: number, stores: string[]) =>
      blobs.condemned(LATER, { abandoned: NOW, limit: 10, offset, stores });
    expect(await page(0, ['elsewhere'])).toEqual([]);
    expect((await page(1, ['here'])).map(({ key }) => key)).toEqual([
      'key/b',
      'key/c',
    ]);
  });
});
