import { Readable } from 'node:stream';
import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  digestOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Installation } from '../__testUtils__/Installation';
import { blobKey, pageKey } from '../model/keys';
import { ContentChecker } from './ContentChecker';
import type { BlobRecord } from './ports';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())(
  'nothing is taken away on %p',
  id => {
    let here: Installation;

    beforeEach(async () => {
      here = await Installation.create(
        await databases.init(id),
        mockServices.logger.mock(),
      );
    });

    afterEach(() => here.remove());

    /** A blob that went straight to a bucket, and that nobody has read. */
    async function receive(text: string): Promise<BlobRecord> {
      await here.put(blobKey(here.uid, digestOf(text)), text);
      return note(text);
    }

    async function note(text: string): Promise<BlobRecord> {
      const digest = digestOf(text);
      const blob: BlobRecord = {
        digest,
        size: text.length,
        key: blobKey(here.uid, digest),
        store: 'local',
        state: 'received',
      };
      await here.repository.blobs.add(here.assetId, [blob], here.now());
      return blob;
    }

    /** The next reading gives other bytes, as memory or a line may. */
    function misreadOnce(text: string): void {
      jest
        .spyOn(here.stores.get('local'), 'open')
        .mockResolvedValueOnce(Readable.from([Buffer.from(text)]));
    }

    it('that was misread once', async () => {
      const blob = await receive('right');
      misreadOnce('wrong');
      expect(await here.keeper.isRight(blob)).toBe(true);
      misreadOnce('wrong');
      // As a bucket answers whose key stands.
      jest
        .spyOn(here.stores.get('local'), 'put')
        .mockResolvedValueOnce({ created: false });
      await here.keeper.write('local', blob, async () =>
        Readable.from([Buffer.from('right')]),
      );
      expect((await here.textOf('right')).text).toBe('right');
    });

    it('of a pack that was misread once', async () => {
      const key = await here.arrivePacked(['a', 'bc'], 'received');
      misreadOnce('no pack');
      const states = await here.packs.verify({ store: 'local', key });
      expect([...states.values()]).toEqual(['verified', 'verified']);
    });

    describe('for a manifest', () => {
      /** What the commit says of a manifest with another size of the blob. */
      async function commit(text: string, size: number): Promise<unknown> {
        const built = buildManifest([
          { path: 'file', size, digest: digestOf(text) },
        ]);
        const [page] = built.pages;
        const digest = digestOf(page);
        await here.put(pageKey(here.uid, digest), page);
        const checker = new ContentChecker(here);
        const { fileCount } = built.manifest;
        return checker
          .check(
            await here.repository.assets.byId(here.assetId),
            {
              id: 'upload',
              assetId: here.assetId,
              store: 'local',
              digest: built.digest,
              fileCount,
              size,
              createdAt: here.now(),
              createdBy: 'user:default/mallory',
              heardAt: here.now(),
              expiresAt: here.later(1),
            },
            [
              {
                position: 0,
                digest,
                store: 'local',
                fileCount,
                size,
                firstPath: 'file',
              },
            ],
          )
          .catch(error => error);
      }

      it('that says another size of it', async () => {
        await receive('right');
        expect(await commit('right', 4)).toMatchObject({
          name: 'InputError',
          message: '"file" has 5 bytes, but the manifest says 4',
        });
        expect((await here.textOf('right')).text).toBe('right');
      });

      it('but what is something else', async () => {
        const blob = await note('right');
        await here.put(blob.key, 'wrong!');
        expect(await commit('right', 6)).toMatchObject({
          name: 'ConflictError',
          message: expect.stringContaining('have to be sent again'),
        });
        expect(await here.stands(blob.key)).toBe(false);
      });
    });

    it('that somebody refers to, though it is in the way', async () => {
      const blob = await receive('right');
      await here.keeper.clear(blob);
      expect(await here.stands(blob.key)).toBe(true);
      await here.put('somewhere/sha256/else', 'of nobody');
      await here.keeper.clear({ store: 'local', key: 'somewhere/sha256/else' });
      expect(await here.stands('somewhere/sha256/else')).toBe(false);
      expect(await here.repository.blobs.listCondemned(10)).toEqual([]);
    });
  },
);
