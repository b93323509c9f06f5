import type { Page } from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * The items of all pages of a list, fetched as they are asked for.
 *
 * @public
 */
export async function* paginate<T>(
  fetchPage: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
