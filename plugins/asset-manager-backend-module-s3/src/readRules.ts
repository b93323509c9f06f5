import {
  GetBucketLifecycleConfigurationCommand,
  LifecycleRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { NotAllowedError } from '@backstage/errors';
import type { BucketRule } from '@baseasset/backstage-plugin-asset-manager-node';
import { isStatus } from './isStatus';

/**
 * The rules of a bucket that delete objects under a prefix or abort their
 * unfinished uploads. Rules for objects with tags do not reach ours, which have
 * none; conditions on their size are taken as if they could hold.
 *
 * Source: Amazon S3, "Lifecycle configuration elements".
 *
 * @returns undefined when the server knows no such rules
 * @throws NotAllowedError without the right `s3:GetLifecycleConfiguration`
 */
export async function readRules(
  client: S3Client,
  options: { bucket: string; prefix: string },
): Promise<BucketRule[] | undefined> {
  try {
    const { Rules = [] } = await client.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket: options.bucket }),
    );
    return Rules.filter(rule => reaches(rule, options.prefix)).flatMap(asRules);
  } catch (error) {
    // A bucket without rules has no configuration of them.
    if (isStatus(error, 404)) return [];
    if (isStatus(error, 403))
      throw new NotAllowedError('the bucket does not show its rules');
    if (isStatus(error, 405, 501)) return undefined;
    throw error;
  }
}

function reaches({ Status, Filter, Prefix }: LifecycleRule, ours: string) {
  if (Status !== 'Enabled' || Filter?.Tag || Filter?.And?.Tags?.length)
    return false;
  const theirs = Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '';
  return theirs.startsWith(ours) || ours.startsWith(theirs);
}

function asRules(rule: LifecycleRule): BucketRule[] {
  const { Expiration, AbortIncompleteMultipartUpload } = rule;
  const rules: BucketRule[] = [];
  if (Expiration?.Days !== undefined || Expiration?.Date !== undefined)
    rules.push({ deletes: 'blobs', afterDays: Expiration.Days });
  if (AbortIncompleteMultipartUpload)
    rules.push({
      deletes: 'parts',
      afterDays: AbortIncompleteMultipartUpload.DaysAfterInitiation,
    });
  return rules;
}
