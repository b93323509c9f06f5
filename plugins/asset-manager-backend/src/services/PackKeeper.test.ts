import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import type { BlobRecord } from './ports';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const TEXTS = ['one', 'two', '', 'three'];

describe.each(databases.eachSupportedId())('the keeper of packs on %p', id => {
  let here: Installation;
  let key: string;

  const statesOf = async () => {
    const found = await here.repository.blobs.find(
      here.assetId,
      TEXTS.map(digestOf),
    );
    return TEXTS.map(text => found.get(digestOf(text))?.[0].state);
  };
  const verify = () => here.packs.verify({ store: 'local', key });

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
    key = await here.arrivePacked(TEXTS, 'received');
  });

  afterEach(() => here.remove());

  it('finds all of a pack right by reading it once', async () => {
    let reads = 0;
    const store = here.stores.get('local');
    const open = store.open.bind(store);
    store.open = (...args) => {
      reads++;
      return open(...args);
    };
    await verify();
    expect(reads).toBe(1);
    expect(await statesOf()).toEqual(Array(4).fill('verified'));
  });

  it('gives up the blobs alone that are damaged', async () => {
    const { pack } = here.packOf(TEXTS);
    await here.overwrite(key, pack.replace('two', 'tVo'));
    await verify();
    expect(await statesOf()).toEqual([
      'verified',
      undefined,
      'verified',
      'verified',
    ]);
    expect(await here.stands(key)).toBe(true);
    expect((await here.textOf('three')).text).toBe('three');
    // It is sent again, and stands elsewhere from then on.
    await here.arrive('two');
    expect(await statesOf()).toEqual(Array(4).fill('verified'));
    expect((await here.textOf('two')).key).not.toBe(key);
  });

  it.each([
    ['is no pack', (_: string) => 'other bytes'],
    ['is cut off', (pack: string) => pack.slice(0, -1)],
    ['is longer', (pack: string) => `${pack}x`],
    ['names other blobs', (pack: string) => pack.replace('sha256:', 'sha512:')],
  ])(
    'gives up all of what %s, and makes room for the right one',
    async (_, change) => {
      await here.overwrite(key, change(here.packOf(TEXTS).pack));
      await verify();
      expect(await statesOf()).toEqual(Array(4).fill(undefined));
      expect(await here.stands(key)).toBe(false);
      await here.arrivePacked(TEXTS);
      expect(await statesOf()).toEqual(Array(4).fill('verified'));
    },
  );

  it('gives up what is gone', async () => {
    await here.stores.get('local').delete(key);
    await verify();
    expect(await statesOf()).toEqual(Array(4).fill(undefined));
  });

  it('leaves everything as it is when the store does not answer', async () => {
    here.stores.get('local').open = async () => {
      throw new Error('the store does not answer');
    };
    await expect(verify()).rejects.toThrow('does not answer');
    expect(await statesOf()).toEqual(Array(4).fill('received'));
  });

  it('keeps a link of another asset when it packs anew', async () => {
    const other = await here.makeAsset('other');
    await verify();
    const linked = (
      await here.repository.blobs.find(here.assetId, [digestOf('two')])
    ).get(digestOf('two')) as BlobRecord[];
    await here.repository.blobs.add(other, linked, here.now());
    await here.repository.blobs.forgetUnpublished(
      here.assetId,
      TEXTS.map(digestOf),
      here.now(),
    );
    expect(await here.packs.repack({ store: 'local', key })).toBe(true);
    const [kept] = (
      await here.repository.blobs.find(other, [digestOf('two')])
    ).get(digestOf('two'))!;
    expect(kept.key).not.toBe(key);
    const chunks: Buffer[] = [];
    for await (const chunk of await here.stores.open(kept)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('two');
  });
});
