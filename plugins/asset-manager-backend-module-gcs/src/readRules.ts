import type { Bucket } from '@google-cloud/storage';
import { NotAllowedError } from '@backstage/errors';
import type { BucketRule } from '@baseasset/backstage-plugin-asset-manager-node';
import { isStatus } from './isStatus';

/** As far as a rule's condition tells whether it reaches what stands in a bucket. */
interface Condition {
  age?: number;
  isLive?: boolean;
  matchesPrefix?: string[];
  numNewerVersions?: number;
  daysSinceNoncurrentTime?: number;
  noncurrentTimeBefore?: unknown;
}

/**
 * The rules of a bucket by which objects under two prefixes are deleted.
 * Conditions that name endings of names or storage classes are taken as if they
 * could hold: a warning too many does no harm.
 *
 * Source: Google Cloud Storage, "Object Lifecycle Management".
 *
 * @throws NotAllowedError without the right to read the bucket's description
 */
export async function readRules(
  bucket: Bucket,
  prefixes: { blobs: string; parts: string },
): Promise<BucketRule[]> {
  const [{ lifecycle }] = await bucket.getMetadata().catch(error => {
    if (isStatus(error, 401, 403))
      throw new NotAllowedError('the bucket does not show its rules');
    throw error;
  });
  const rules: BucketRule[] = [];
  for (const { action, condition = {} } of lifecycle?.rule ?? []) {
    const type = typeof action === 'string' ? action : action.type;
    if (type !== 'Delete' || !meetsLive(condition)) continue;
    const { age, matchesPrefix } = condition;
    for (const deletes of ['blobs', 'parts'] as const) {
      if (reaches(matchesPrefix, prefixes[deletes]))
        rules.push({ deletes, ...(age !== undefined && { afterDays: age }) });
    }
  }
  return rules;
}

/** Whether a condition can hold for an object that was not replaced by another one. */
function meetsLive(condition: Condition): boolean {
  return (
    condition.isLive !== false &&
    (condition.numNewerVersions ?? 0) === 0 &&
    (condition.daysSinceNoncurrentTime ?? 0) === 0 &&
    condition.noncurrentTimeBefore === undefined
  );
}

function reaches(matched: string[] | undefined, prefix: string): boolean {
  return (
    matched === undefined ||
    matched.some(each => each.startsWith(prefix) || prefix.startsWith(each))
  );
}
