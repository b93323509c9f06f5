/** How long a deletion of bytes may take: who began before that has died. */
const ABANDONED_MS = 5 * 60_000;

/** When a deletion begins, and since when one that began counts as abandoned. ISO 8601, UTC. */
export interface DeletionTimes {
  now: string;
  abandoned: string;
}

export function deletionTimes(now: string): DeletionTimes {
  return {
    now,
    abandoned: new Date(Date.parse(now) - ABANDONED_MS).toISOString(),
  };
}
