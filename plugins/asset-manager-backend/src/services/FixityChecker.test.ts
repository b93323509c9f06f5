import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { blobKey, packOfKey, pageKey } from '../model/keys';
import type { Caller } from '../model/caller';
import { PERMISSIVE } from '../model/policy';
import { Installation } from '../__testUtils__/Installation';
import { BlobCollector } from './BlobCollector';
import { BlobKeeper } from './BlobKeeper';
import { ChangeSignal } from './ChangeSignal';
import { FixityChecker } from './FixityChecker';
import { FixityService } from './FixityService';
import { ObjectChecker } from './ObjectChecker';
import { ObjectHealer } from './ObjectHealer';
import { RowChecker } from './RowChecker';
import { PageHealer } from './PageHealer';
import type { VersionRecord } from './ports';
import { RecordKeeper } from './RecordKeeper';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const HOUR = 3_600_000;
const OPERATOR: Caller = {
  subject: 'user:default/olga',
  kind: 'user',
  groups: [],
  ownershipEntityRefs: ['user:default/olga'],
  sees: ['public', 'internal'],
  grants: [],
  administrator: false,
  policy: PERMISSIVE,
};

describe.each(databases.eachSupportedId())('a fixity check on %p', id => {
  let here: Installation;
  let service: FixityService;
  let checker: FixityChecker;
  let ids = 0;

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
    service = new FixityService({
      ...here,
      operators: [OPERATOR.subject],
      schedule: { enabled: true, everyMs: 24 * HOUR, sample: 25 },
      now: here.now,
      createId: () => `check-${String(ids++).padStart(4, '0')}`,
      onQueued: () => {},
    });
    checker = new FixityChecker({
      ...here,
      rows: new RowChecker(here),
      objects: new ObjectChecker(here),
      healer: new ObjectHealer(here),
      pages: new PageHealer(here),
      changed: new ChangeSignal(),
      onReceived: () => {},
    });
  });

  afterEach(() => here.remove());

  const keyOf = (text: string) => blobKey(here.uid, digestOf(text));

  /** Blobs that arrived alone, in a version. */
  async function publish(
    sequence: number,
    texts: string[],
  ): Promise<VersionRecord> {
    for (const text of texts) await here.arrive(text);
    return hold(sequence, texts);
  }

  /** A version of what has arrived. */
  async function hold(
    sequence: number,
    texts: string[],
  ): Promise<VersionRecord> {
    await here.repository.blobs.publish(here.assetId, texts.map(digestOf));
    return here.makeVersion(sequence, texts);
  }

  const check = async (
    request: Parameters<FixityService['order']>[1] = { sample: 100 },
  ) => {
    const ordered = await service.order(OPERATOR, request);
    await checker.run();
    return service.report(OPERATOR, ordered.id);
  };

  it('finds nothing where all is well', async () => {
    await publish(1, ['alone', 'too']);
    const packKey = await here.arrivePacked(['a', 'bc']);
    await hold(2, ['a', 'bc']);
    const { check: done, findings } = await check();
    expect(findings).toEqual([]);
    const { pack } = here.packOf(['a', 'bc']);
    expect(packOfKey(packKey)).toBeDefined();
    expect(done).toMatchObject({
      state: 'done',
      checkedObjects: 3,
      totalObjects: 3,
      readBytes: 8 + pack.length,
      found: [],
    });
  });

  it('reads another part of the bytes each time, and all of them within four quarters', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
    await publish(1, texts);
    const total = texts.join('').length;
    const read: number[] = [];
    for (let quarter = 0; quarter < 4; quarter++)
      read.push((await check({ sample: 25 })).check.readBytes);
    expect(read.reduce((sum, bytes) => sum + bytes)).toBe(total);
    expect(Math.max(...read)).toBeLessThan(total / 2);
    expect((await check({})).check.readBytes).toBe(0);
  });

  it('heals what is missing from another copy', async () => {
    await publish(1, ['kept']);
    await here.arrive('kept', 'other');
    await here.stores.get('local').delete(keyOf('kept'));
    const { findings } = await check({});
    expect(findings).toMatchObject([
      {
        store: 'local',
        problem: 'missing',
        outcome: 'healed',
        digest: digestOf('kept'),
        asset: 'asset',
      },
    ]);
    expect(await here.bytesAt(keyOf('kept'))).toBe('kept');
    expect((await check()).findings).toEqual([]);
  });

  it('judges nothing where the whole store is not there', async () => {
    const { id: version } = await publish(1, ['one', 'two', 'three']);
    const packKey = await here.arrivePacked(['a', 'bc']);
    await hold(2, ['a', 'bc']);
    await here.away('local');
    const { check: failed } = await check({});
    expect(failed).toMatchObject({ state: 'failed', found: [] });
    expect(here.logger.error).toHaveBeenCalledWith(
      'a check of the stores failed',
      expect.objectContaining({
        message: expect.stringContaining(
          "nothing stands in the store 'local' of what should; is its volume mounted",
        ),
      }),
    );
    await here.back('local');
    expect((await check()).findings).toEqual([]);
    expect((await here.repository.versions.byId(version)).verification).toBe(
      'verified',
    );
    expect(await here.stands(packKey)).toBe(true);
  });

  it('fills a store from its copies that is said to have lost everything', async () => {
    await publish(1, ['one', 'two', 'three']);
    for (const text of ['one', 'two', 'three'])
      await here.arrive(text, 'other');
    await here.away('local');
    expect((await check({})).check.state).toBe('failed');
    const keeper = new BlobKeeper({ ...here, emptied: ['local'] });
    const told = { ...here, keeper };
    checker = new FixityChecker({
      ...told,
      rows: new RowChecker(told),
      objects: new ObjectChecker(told),
      healer: new ObjectHealer(told),
      pages: new PageHealer(told),
      changed: new ChangeSignal(),
      onReceived: () => {},
    });
    const { findings } = await check({});
    expect(findings.map(({ outcome }) => outcome).sort()).toEqual([
      'healed',
      'healed',
      'healed',
      // The page of the manifest had no other copy.
      'lost',
    ]);
    expect(await here.bytesAt(keyOf('two'))).toBe('two');
  });

  it('takes for whole again what comes back by itself', async () => {
    const { id: version } = await publish(1, ['lost', 'kept']);
    const packKey = await here.arrivePacked(['a', '', 'bc']);
    const { id: packed } = await hold(2, ['a', '', 'bc']);
    const { pack } = here.packOf(['a', '', 'bc']);
    await here.stores.get('local').delete(keyOf('lost'));
    await here.stores.get('local').delete(packKey);
    const outcomes = async () =>
      (await check({})).findings.map(({ outcome }) => outcome);
    expect(await outcomes()).toEqual(Array(4).fill('lost'));
    await here.put(keyOf('lost'), 'lost');
    await here.put(packKey, pack);
    expect(await outcomes()).toEqual(Array(4).fill('healed'));
    expect((await here.textOf('lost')).text).toBe('lost');
    expect((await here.textOf('bc')).text).toBe('bc');
    for (const each of [version, packed])
      expect((await here.repository.versions.byId(each)).verification).toBe(
        'received',
      );
    expect((await check()).findings).toEqual([]);
  });

  it('sees other bytes of the same length only when it reads them, and heals them', async () => {
    await publish(1, ['right']);
    await here.arrive('right', 'other');
    await here.overwrite(keyOf('right'), 'wrong');
    expect((await check({})).findings).toEqual([]);
    expect((await check()).findings).toMatchObject([
      { problem: 'damaged', outcome: 'healed' },
    ]);
    expect(await here.bytesAt(keyOf('right'))).toBe('right');
  });

  it('says what is lost, and has its versions verified anew', async () => {
    const held = await publish(1, ['lost']);
    const other = await publish(2, ['kept']);
    await here.overwrite(keyOf('lost'), 'lose');
    expect((await check()).findings).toMatchObject([
      { problem: 'damaged', outcome: 'lost', size: 4 },
    ]);
    const stateOf = async (version: VersionRecord) =>
      (await here.repository.versions.byId(version.id)).verification;
    expect(await stateOf(held)).toBe('received');
    expect(await stateOf(other)).toBe('verified');
    const found = await here.repository.blobs.find(here.assetId, [
      digestOf('lost'),
    ]);
    expect(found.size).toBe(0);
    // It is lost still, and healed once a copy turns up.
    await here.repository.versions.setVerification(held.id, 'damaged');
    expect((await check({})).findings).toMatchObject([{ outcome: 'lost' }]);
    expect(await stateOf(held)).toBe('damaged');
    await here.arrive('lost', 'other');
    expect((await check({})).findings).toMatchObject([{ outcome: 'healed' }]);
    expect(await stateOf(held)).toBe('received');
    expect(await here.bytesAt(keyOf('lost'))).toBe('lost');
  });

  it('writes a damaged pack anew where the same one stands in another store', async () => {
    const key = await here.arrivePacked(['first', 'second']);
    const { pack, blobs } = here.packOf(['first', 'second']);
    await hold(1, ['first', 'second']);
    await here.put(key, pack, 'other');
    await here.repository.blobs.add(
      here.assetId,
      blobs.map(blob => ({ ...blob, key, store: 'other', state: 'verified' })),
      here.now(),
    );
    await here.overwrite(key, pack.replace('second', 'secont'));
    expect((await check()).findings).toMatchObject([
      { problem: 'damaged', outcome: 'healed', digest: digestOf('second') },
    ]);
    expect(await here.bytesAt(key)).toBe(pack);
  });

  it('believes no row that promises more than the pack has', async () => {
    const key = await here.arrivePacked(['first', 'second']);
    const { pack, blobs } = here.packOf(['first', 'second']);
    await hold(1, ['first', 'second']);
    await here.put(key, pack, 'other');
    const lie = { ...blobs[1], digest: digestOf('secret') };
    await here.repository.blobs.add(
      here.assetId,
      [
        { ...blobs[0], key, store: 'other', state: 'verified' },
        { ...lie, key, store: 'local', state: 'received' },
      ],
      here.now(),
    );
    await here.repository.blobs.publish(here.assetId, [lie.digest]);
    const { findings } = await check();
    expect(
      findings.filter(({ digest }) => digest === lie.digest),
    ).toMatchObject([{ outcome: 'lost' }]);
    const found = await here.repository.blobs.find(here.assetId, [lie.digest]);
    expect(found.size).toBe(0);
    expect(await here.textOf('first')).toEqual({ key, text: 'first' });
  });

  it('lets a blob stand by itself that can be healed from a copy alone only', async () => {
    const key = await here.arrivePacked(['first', 'second']);
    const { pack } = here.packOf(['first', 'second']);
    await hold(1, ['first', 'second']);
    await here.arrive('second', 'other');
    await here.overwrite(key, pack.replace('second', 'secont'));
    expect((await check()).findings).toMatchObject([
      { problem: 'damaged', outcome: 'healed', digest: digestOf('second') },
    ]);
    expect(await here.bytesAt(keyOf('second'))).toBe('second');
    expect(await here.textOf('first')).toEqual({ key, text: 'first' });
    expect((await check()).findings).toEqual([]);
  });

  it('does not take a damaged copy for a cure', async () => {
    await publish(1, ['right']);
    await here.arrive('right', 'other');
    await here.overwrite(keyOf('right'), 'wrong');
    await here.overwrite(keyOf('right'), 'wrung', 'other');
    const { findings } = await check();
    expect(findings.map(({ outcome }) => outcome)).toEqual(['lost', 'lost']);
  });

  it('heals pages of manifests, and tells of versions that lost one', async () => {
    const version = await publish(1, ['text']);
    const [page] = await here.repository.versions.pages(version.id);
    const key = pageKey(here.uid, page.digest);
    const text = await here.bytesAt(key);
    await here.put(key, text, 'other');
    await here.stores.get('local').delete(key);
    expect((await check({})).findings).toMatchObject([
      { key, problem: 'missing', outcome: 'healed' },
    ]);
    expect(await here.bytesAt(key)).toBe(text);

    await here.overwrite(key, text.replace('text', 'test'));
    await here.overwrite(key, text.replace('text', 'tent'), 'other');
    expect((await check()).findings).toMatchObject([
      { store: 'local', key, problem: 'damaged', outcome: 'lost' },
    ]);
    expect((await here.repository.versions.byId(version.id)).verification).toBe(
      'damaged',
    );
  });

  it('tells of orphans, and condemns those of its own assets when asked', async () => {
    await publish(1, ['held']);
    await here.change('version.created', '1');
    // What tells of an asset is no orphan.
    await new RecordKeeper(here).run();
    await here.put(keyOf('left'), 'left');
    const foreign = blobKey('01jforeign', digestOf('foreign'));
    await here.put(foreign, 'foreign');
    const told = await check({});
    expect(told.findings).toMatchObject([
      { key: keyOf('left'), problem: 'orphan', outcome: 'told', size: 4 },
      { key: foreign, problem: 'orphan', outcome: 'told', size: 7 },
    ]);
    expect(told.findings[1]).not.toHaveProperty('asset');

    const collector = new BlobCollector({ ...here, graceMs: 24 * HOUR });
    await check({ condemnOrphans: true });
    expect(await collector.run()).toBe(0);
    here.at(25);
    expect(await collector.run()).toBe(1);
    expect(await here.stands(keyOf('left'))).toBe(false);
    expect(await here.stands(foreign)).toBe(true);
    expect(await here.stands(keyOf('held'))).toBe(true);
  });

  it('takes nothing for an orphan that an open upload may have sent', async () => {
    await here.put(keyOf('on its way'), 'on its way');
    await here.openUpload('2026-11-26T00:00:00.000Z');
    expect((await check({ condemnOrphans: true })).findings).toEqual([]);
  });

  it('gives rows that no version needs to the collection', async () => {
    await publish(1, ['held']);
    await here.arrive('left');
    await here.repository.blobs.publish(here.assetId, [digestOf('left')]);
    expect((await check({})).findings).toMatchObject([
      { problem: 'unneeded', digest: digestOf('left'), outcome: 'condemned' },
    ]);
    const collector = new BlobCollector({ ...here, graceMs: 24 * HOUR });
    here.at(25);
    await collector.run();
    here.at(50);
    await collector.run();
    expect(await here.stands(keyOf('left'))).toBe(false);
    expect(await here.stands(keyOf('held'))).toBe(true);
  });

  it('finds files of versions that no row knows of, and brings rows back', async () => {
    const version = await publish(1, ['left', 'gone']);
    await here.repository.blobs.forget(
      here.assetId,
      [digestOf('left'), digestOf('gone')],
      here.now(),
    );
    await here.stores.get('local').delete(keyOf('gone'));
    const { findings } = await check({});
    expect(findings).toMatchObject([
      { problem: 'missing', outcome: 'lost', digest: digestOf('gone') },
      { problem: 'missing', outcome: 'healed', digest: digestOf('left') },
    ]);
    expect((await here.textOf('left')).text).toBe('left');
    expect((await here.repository.versions.byId(version.id)).verification).toBe(
      'received',
    );
    const collector = new BlobCollector({ ...here, graceMs: 24 * HOUR });
    here.at(25);
    await collector.run();
    expect((await here.textOf('left')).text).toBe('left');
  });

  it('goes on where it was cut off', async () => {
    await publish(1, ['one', 'two']);
    await here.put(keyOf('left'), 'left');
    const { id: checkId } = await service.order(OPERATOR, {});
    const cut = new AbortController();
    const list = jest
      .spyOn(here.stores.get('local'), 'list')
      .mockImplementation(() => {
        cut.abort(new Error('the process ends'));
        throw new Error('the process ends');
      });
    await expect(checker.run(cut.signal)).rejects.toThrow('the process ends');
    list.mockRestore();
    const asked = jest.spyOn(here.repository.objects, 'list');
    await checker.run();
    expect(asked).not.toHaveBeenCalled();
    expect(await service.report(OPERATOR, checkId)).toMatchObject({
      check: { state: 'done', checkedObjects: 2 },
      findings: [{ key: keyOf('left') }],
    });
  });

  it('fails loudly when a store does not answer, and condemns nothing', async () => {
    await publish(1, ['text']);
    const stat = jest
      .spyOn(here.stores.get('local'), 'stat')
      .mockRejectedValue(new Error('503'));
    const { check: failed, findings } = await check();
    stat.mockRestore();
    expect(failed).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('did not answer'),
    });
    expect(findings).toEqual([]);
    expect(await here.textOf('text')).toMatchObject({ text: 'text' });
  });

  it('is ordered by itself once a day, and by operators one at a time', async () => {
    await service.orderDue();
    await service.orderDue();
    await expect(service.order(OPERATOR, {})).rejects.toThrow('under way');
    await checker.run();
    await service.orderDue();
    expect(await service.list(OPERATOR)).toMatchObject([
      { createdBy: 'asset-manager', state: 'done', sample: 25 },
    ]);
    here.at(24);
    await service.orderDue();
    expect(await service.list(OPERATOR)).toHaveLength(2);
    await expect(
      service.order(
        { ...OPERATOR, subject: 'user:default/eve', ownershipEntityRefs: [] },
        {},
      ),
    ).rejects.toThrow(expect.objectContaining({ name: 'NotAllowedError' }));
  });
});
