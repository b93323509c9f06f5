import type { StorageSample } from '@baseasset/backstage-plugin-asset-manager-common';

/** What all stores held together on each day that was looked at, in bytes, the oldest day first. */
export function totalsOf(
  samples: readonly StorageSample[],
): { day: string; bytes: number }[] {
  const byDay = new Map<string, number>();
  for (const { day, storedBytes } of samples)
    byDay.set(day, (byDay.get(day) ?? 0) + storedBytes);
  return [...byDay.keys()].sort().map(day => ({ day, bytes: byDay.get(day)! }));
}
