import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { pageKey, parseKey } from '../model/keys';
import type { StoredBlob } from '../services/ports';
import { inBatches } from './rows';

/** Keys of pages, and the stores that rows say they stand in. */
type PagePlace = StoredBlob & { uid: string; digest: Digest };

async function placesOf(
  knex: Knex,
  digests: readonly Digest[],
): Promise<PagePlace[]> {
  const found: PagePlace[] = [];
  const owners = [
    // A commit makes the pages of an upload those of a version: asked in this order, none is missed.
    { pages: 'upload_pages', of: 'uploads', id: 'upload_id' },
    { pages: 'version_pages', of: 'versions', id: 'version_id' },
  ];
  for (const batch of inBatches(digests, 500)) {
    for (const { pages, of, id } of owners) {
      const rows = await knex(pages)
        .join(of, `${of}.id`, `${pages}.${id}`)
        .join('assets', 'assets.id', `${of}.asset_id`)
        .whereIn(`${pages}.digest`, batch)
        .distinct({
          uid: 'assets.uid',
          digest: `${pages}.digest`,
          store: `${pages}.store`,
        });
      for (const { uid, digest, store } of rows)
        found.push({ uid, digest, store, key: pageKey(uid, digest) });
    }
  }
  return found;
}

/** Whether the manifest of a version or an upload has its page in this place. */
export async function pageInUse(
  knex: Knex,
  { store, key }: StoredBlob,
): Promise<boolean> {
  const parts = parseKey(key);
  if (parts?.kind !== 'page') return false;
  const places = await placesOf(knex, [parts.digest]);
  return places.some(place => place.store === store && place.key === key);
}

/** Those keys of pages that belong to a manifest, in whatever store. */
export async function pagesInUse(
  knex: Knex,
  keys: readonly string[],
): Promise<Set<string>> {
  const digests = keys.flatMap(key => {
    const parts = parseKey(key);
    return parts?.kind === 'page' ? [parts.digest] : [];
  });
  return new Set((await placesOf(knex, digests)).map(({ key }) => key));
}
