import type { Knex } from 'knex';

/**
 * `column in (…)` for what may be hundreds of values: one binding instead of one
 * for each, which would take longer than the query.
 */
export function whereAmong(
  query: Knex.QueryBuilder,
  column: string,
  values: readonly string[] | readonly number[],
): void {
  query.whereRaw(`?? in (${listOf(query, typeof values[0])})`, [
    column,
    JSON.stringify(values),
  ]);
}

function listOf(query: Knex.QueryBuilder, type: string): string {
  if (query.client.config.client !== 'pg')
    return 'select value from json_each(?)';
  const element = 'jsonb_array_elements_text(?::jsonb)';
  return type === 'number'
    ? `select value::bigint from ${element} as value`
    : `select ${element}`;
}
