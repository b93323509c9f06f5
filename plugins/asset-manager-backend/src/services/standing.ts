import { initialStage } from '../model/stages';
import type { AssetTypes } from './AssetTypes';
import type { Repository } from './ports';

/** A version, with the type of its asset. */
interface TypedVersion {
  versionId: number;
  type: string;
}

/**
 * Where some versions stand, whatever their types.
 *
 * @returns the stage, absent when the type is not there any more, and the number of
 *   the last move, 0 when there was none
 */
export async function standingOf(
  versions: readonly TypedVersion[],
  types: AssetTypes,
  repository: Repository,
): Promise<(version: TypedVersion) => { stage?: string; sequence: number }> {
  const moves = await repository.transitions.lastOf([
    ...new Set(versions.map(({ versionId }) => versionId)),
  ]);
  const initial = new Map<string, string | undefined>();
  for (const { type } of versions) {
    if (initial.has(type)) continue;
    const found = await types.find(type, repository);
    initial.set(type, found && initialStage(found.spec));
  }
  return ({ versionId, type }) => {
    const last = moves.get(versionId);
    return {
      stage: initial.get(type) && (last?.to ?? initial.get(type)),
      sequence: last?.sequence ?? 0,
    };
  };
}
