/** How long the deletion of one object may take. Milliseconds. */
export const DELETION_MS = 5 * 60_000;

/** When a deletion begins, and since when one that began counts as abandoned. ISO 8601, UTC. */
export interface DeletionTimes {
  now: string;
  abandoned: string;
}

/** @param patienceMs - whoever began so long ago has died */
export function deletionTimes(
  now: string,
  patienceMs: number = DELETION_MS,
): DeletionTimes {
  return {
    now,
    abandoned: new Date(Date.parse(now) - patienceMs).toISOString(),
  };
}
