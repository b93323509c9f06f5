import type { DeletionRecord } from '../services/ports';

/** Numbers that PostgreSQL gives as text, because its bigint is wider than JavaScript's. */
export function toNumber(value: number | string | null | undefined): number {
  return Number(value ?? 0);
}

/** Databases say null, the rest of the code says undefined. */
export function orUndefined<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

/** The parts of a list that are small enough for one statement's variables. */
export function* inBatches<T>(items: readonly T[], size = 200): Iterable<T[]> {
  for (let at = 0; at < items.length; at += size)
    yield items.slice(at, at + size);
}

/** The columns that say of a row that it is deleted. */
export interface DeletionRow {
  deleted_at: string | null;
  deleted_by: string | null;
  delete_reason: string | null;
  undo_until: string | null;
  purged_at: string | null;
}

export function deletionFromRow(row: DeletionRow): DeletionRecord | undefined {
  if (row.deleted_at === null) return undefined;
  return {
    at: row.deleted_at,
    by: row.deleted_by ?? '',
    reason: orUndefined(row.delete_reason),
    until: row.undo_until ?? '',
    purgedAt: orUndefined(row.purged_at),
  };
}

export function deletionToRow(
  deletion: DeletionRecord | undefined,
): DeletionRow {
  return {
    deleted_at: deletion?.at ?? null,
    deleted_by: deletion?.by ?? null,
    delete_reason: deletion?.reason ?? null,
    undo_until: deletion?.until ?? null,
    purged_at: deletion?.purgedAt ?? null,
  };
}

/** How a column keeps what may be absent. */
export function toJson(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export function fromJson<T>(text: string | null): T | undefined {
  return text === null ? undefined : JSON.parse(text);
}
