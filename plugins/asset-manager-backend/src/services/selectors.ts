import { NotFoundError } from '@backstage/errors';
import {
  formatReference,
  isDigestPrefix,
  LATEST,
  readIsoTime,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from '../model/FieldError';
import { initialStage } from '../model/stages';
import type { AssetRecord, Repository, VersionRecord } from './ports';

/**
 * The version that a selector means: a digest, a label, an alias or `latest`.
 *
 * @throws NotFoundError when it means none
 * @throws FieldError when a digest's beginning means two
 */
export async function resolveSelector(
  repository: Repository,
  asset: AssetRecord,
  selector: string,
): Promise<VersionRecord> {
  const none = (why: string) =>
    new NotFoundError(`${formatReference(asset)} has ${why}`);
  if (selector === LATEST) {
    const latest = await repository.versions.latest(asset.id);
    if (!latest)
      throw none(
        (await repository.versions.newest(asset.id))
          ? 'no version that is neither deleted nor retracted'
          : 'no version yet',
      );
    return latest;
  }
  if (isDigestPrefix(selector)) {
    const found = await repository.versions.byDigestPrefix(asset.id, selector);
    if (found.length > 1) {
      throw new FieldError(
        'selector',
        `several versions of ${formatReference(
          asset,
        )} begin with ${selector}; give more of the digest`,
      );
    }
    if (found.length === 0) throw none(`no version ${selector}`);
    return found[0];
  }
  const byLabel = await repository.versions.byLabel(asset.id, selector);
  if (byLabel) return byLabel;
  const alias = await repository.aliases.find(asset.id, selector);
  if (alias) return repository.versions.byId(alias.versionId);
  const inStage = await lastInStage(repository, asset, selector);
  if (inStage) return inStage;
  throw none(`no version, alias or stage '${selector}'`);
}

/**
 * The version that a selector meant at a time: `latest`, aliases and stages as they
 * stood then, and only what had been pushed by then.
 *
 * @throws NotFoundError when it meant nothing
 */
export async function resolveSelectorAsOf(
  repository: Repository,
  asset: AssetRecord,
  selector: string,
  time: string,
): Promise<VersionRecord> {
  const none = (why: string) =>
    new NotFoundError(`${formatReference(asset)} had ${why} at ${time}`);
  if (selector === LATEST) {
    const latest = await repository.versions.latest(asset.id, time);
    if (!latest) throw none('no version');
    return latest;
  }
  const named = isDigestPrefix(selector)
    ? await resolveSelector(repository, asset, selector)
    : await repository.versions.byLabel(asset.id, selector);
  if (named) {
    if (named.createdAt > time) throw none(`no version ${selector} yet`);
    return named;
  }
  const label = (await repository.aliases.asOf(asset.id, time)).get(selector);
  const aliased =
    label !== undefined && (await repository.versions.byLabel(asset.id, label));
  if (aliased) return aliased;
  const inStage = await lastInStage(repository, asset, selector, time);
  if (inStage) return inStage;
  throw none(`no version, alias or stage '${selector}'`);
}

/** The version that entered a stage last, of those that stand in it or stood there at a time. */
async function lastInStage(
  repository: Repository,
  asset: AssetRecord,
  stage: string,
  time?: string,
): Promise<VersionRecord | undefined> {
  let last: { version: VersionRecord; since: string } | undefined;
  const moves = await repository.transitions.standingIn(asset.id, stage, time);
  for (const move of moves) {
    const version = await repository.versions.byId(move.versionId);
    if (!stood(version, time)) continue;
    last = { version, since: move.at };
    break;
  }
  const type = await repository.assetTypes.newest(asset.type);
  if (!type || initialStage(type.document.spec) !== stage) return last?.version;
  const unmoved = await newestUnmoved(repository, asset.id, time);
  return unmoved && (!last || unmoved.createdAt > last.since)
    ? unmoved
    : last?.version;
}

/** The newest version that was never moved: it stands where its type begins. */
async function newestUnmoved(
  repository: Repository,
  assetId: number,
  time?: string,
): Promise<VersionRecord | undefined> {
  let before: number | undefined;
  for (;;) {
    const versions = await repository.versions.list({
      assetId,
      before,
      limit: 200,
    });
    const moved = await repository.transitions.lastOf(
      versions.map(version => version.id),
      time,
    );
    const found = versions.find(
      version => stood(version, time) && !moved.has(version.id),
    );
    if (found || versions.length < 200) return found;
    before = versions.at(-1)?.sequence;
  }
}

/** Whether a version is there, or was there at a time. */
function stood({ createdAt, deletion }: VersionRecord, time?: string): boolean {
  if (time === undefined) return !deletion;
  return createdAt <= time && (!deletion || deletion.at > time);
}

/** A time that is asked about, in UTC. @throws FieldError when it is no time */
export function readTime(text: string): string {
  const time = readIsoTime(text);
  if (time === undefined)
    throw new FieldError('asOf', 'asOf has to be a time, in ISO 8601');
  return time;
}
