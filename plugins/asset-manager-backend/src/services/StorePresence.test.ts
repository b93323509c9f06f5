import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import { blobKey } from '../model/keys';
import { StorePresence } from './StorePresence';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())(
  'whether a store is there on %p',
  id => {
    let here: Installation;

    beforeEach(async () => {
      here = await Installation.create(
        await databases.init(id),
        mockServices.logger.mock(),
      );
    });

    afterEach(() => here.remove());

    const place = (uid: string, text: string) => ({
      store: 'local',
      key: blobKey(uid, digestOf(text)),
    });

    /** A blob of another asset. */
    async function arriveAt(name: string, text: string): Promise<void> {
      const assetId = await here.makeAsset(name, name);
      const { store, key } = place(name, text);
      await here.put(key, text);
      await here.repository.blobs.add(
        assetId,
        [
          {
            digest: digestOf(text),
            size: text.length,
            key,
            store,
            state: 'verified',
          },
        ],
        here.now(),
      );
    }

    const ask = (text: string) =>
      new StorePresence(here).assertThere(place(here.uid, text));

    it('is told by any asset, and not by the first alone', async () => {
      const texts = Array.from({ length: 9 }, (_, index) => `text ${index}`);
      for (const text of texts) await here.arrive(text);
      // Behind the other one in the order of their keys.
      await arriveAt('02second', 'two');
      await arriveAt('03third', 'three');
      for (const text of texts)
        await here.stores.get('local').delete(place(here.uid, text).key);
      expect(await ask(texts[0])).toBeUndefined();
      await here.away('local');
      await expect(ask(texts[0])).rejects.toThrow(
        "nothing stands in the store 'local'",
      );
    });

    it('can not be told where nothing else should stand', async () => {
      await here.arrive('alone');
      await here.stores.get('local').delete(place(here.uid, 'alone').key);
      expect(await ask('alone')).toBeUndefined();
    });
  },
);
