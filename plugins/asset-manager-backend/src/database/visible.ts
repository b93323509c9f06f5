import type { Knex } from 'knex';
import type { Viewer } from '../services/ports';

/**
 * The one predicate of what a viewer may see, for queries over `assets`.
 * Restricted assets are for their owners alone, and deleted ones for nobody.
 */
export function whereVisible(query: Knex.QueryBuilder, viewer: Viewer): void {
  if (viewer === 'everything') return;
  query.whereNull('assets.deleted_at').where(either => {
    either
      .whereNot('assets.visibility', 'restricted')
      .orWhereIn('assets.owner', [...viewer.ownershipEntityRefs]);
  });
}
