import type { JsonObject } from '@backstage/types';
import type { AssetRecord } from './ports';

/** The fields of a card that people can change. */
const CARD = [
  'type',
  'owner',
  'system',
  'visibility',
  'title',
  'description',
  'tags',
  'relations',
] as const;

/** Lists without items, and relations to nothing. */
const isEmpty = (value: object | string) =>
  typeof value === 'object' &&
  Object.values(value).every(each => Array.isArray(each) && each.length === 0);

const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

/** What an audit event says of a card that was changed, as far as it was. */
export function cardChange(
  old: AssetRecord,
  now: AssetRecord,
): { old: JsonObject; new: JsonObject } {
  const change = { old: {} as JsonObject, new: {} as JsonObject };
  for (const field of CARD) {
    if (JSON.stringify(old[field]) === JSON.stringify(now[field])) continue;
    change.old[field] = plain(old[field]);
    change.new[field] = plain(now[field]);
  }
  return change;
}

/** What an audit event says of a card that is new. */
export function wholeCard(asset: AssetRecord): JsonObject {
  return Object.fromEntries(
    CARD.map(field => [field, plain(asset[field])] as const).filter(
      ([, value]) => value !== null && !isEmpty(value),
    ),
  );
}
