import { ServiceUnavailableError } from '@backstage/errors';
import type { Knex } from 'knex';
import type { StoredBlob } from '../services/ports';
import { whereAmong } from './among';
import { inBatches } from './rows';

/** Bytes that nothing refers to, and that are deleted after a while. */
export interface CondemnedRow {
  store: string;
  key: string;
  condemned_at: string;
  deleting: boolean;
}

/** From now on nobody is sent to the bytes; they are deleted after a while. */
export async function condemn(
  knex: Knex,
  copies: readonly StoredBlob[],
  at: string,
): Promise<void> {
  // The blobs of a pack stand in one place.
  const places = new Map(
    copies.map(copy => [`${copy.store} ${copy.key}`, copy] as const),
  );
  for (const batch of inBatches([...places.values()], 100)) {
    await knex<CondemnedRow>('condemned_blobs')
      .insert(
        batch.map(({ store, key }) => ({
          store,
          key,
          condemned_at: at,
          deleting: false,
        })),
      )
      .onConflict(['store', 'key'])
      .merge(['condemned_at'])
      .where('condemned_blobs.deleting', false);
  }
}

/**
 * Bytes that were condemned and are referred to again are kept. The deletion
 * takes the same rows, so that one of the two waits for the other.
 *
 * @throws ServiceUnavailableError when they are being deleted at this moment
 */
export async function revive(
  transaction: Knex.Transaction,
  blobs: readonly StoredBlob[],
): Promise<void> {
  const wanted = new Set(blobs.map(({ store, key }) => `${store} ${key}`));
  const query = transaction<CondemnedRow>('condemned_blobs')
    .orderBy(['store', 'key'])
    .forUpdate();
  // The blobs of a pack stand in one place.
  whereAmong(query, 'key', [...new Set(blobs.map(({ key }) => key))]);
  for (const { store, key, deleting } of await query) {
    if (!wanted.has(`${store} ${key}`)) continue;
    if (deleting)
      throw new ServiceUnavailableError(
        'bytes of the same blob are being deleted; ask again in a moment',
      );
    await transaction('condemned_blobs').where({ store, key }).delete();
  }
}
