import { ConflictError } from '@backstage/errors';
import type { AssetTypeTransition } from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from '../model/FieldError';
import { transitionsFrom } from '../model/stages';
import { demandNoHold } from './keeping';
import type { Repository } from './ports';
import { referenceIn, Situation, stageIn, wayIn } from './Situation';

/** @throws ConflictError when no way leads there from where the version stands */
export function demandWay(
  situation: Situation,
  to: string,
): AssetTypeTransition {
  const { version, type } = situation;
  const reference = referenceIn(situation);
  if (version.deletion)
    throw new ConflictError(`${reference} was deleted, and can't be moved`);
  const way = wayIn(situation, to);
  if (way) return way;
  const { spec, name } = type;
  if (!spec.stages.some(stage => stage.name === to))
    throw new ConflictError(
      `the type ${name} has no stage '${to}'; there are ${spec.stages
        .map(stage => stage.name)
        .join(', ')}`,
    );
  const from = stageIn(situation);
  const ways = transitionsFrom(spec, from).map(each => each.to);
  throw new ConflictError(
    `${reference} stands in '${from}', from where nothing leads to '${to}'; ${
      ways.length > 0
        ? `it could go to ${ways.join(', ')}`
        : 'nothing leads out'
    }`,
  );
}

/** @throws FieldError when the type asks for a reason and there is none */
export function demandReason(
  { type }: Situation,
  way: AssetTypeTransition,
  text: string | undefined,
): string | undefined {
  const reason = text?.trim() || undefined;
  if (way.reason === 'required' && reason === undefined)
    throw new FieldError(
      'reason',
      `the type ${type.name} asks for a reason to move a version to '${way.to}'`,
    );
  return reason;
}

/** @throws ConflictError when another version stands where only one may */
export async function demandRoom(
  { asset, type }: Situation,
  { to }: AssetTypeTransition,
  repository: Repository,
): Promise<void> {
  const stage = type.spec.stages.find(({ name }) => name === to);
  if (!stage?.single) return;
  for (const { versionId } of await repository.transitions.standingIn(
    asset.id,
    to,
  )) {
    const other = await repository.versions.byId(versionId);
    if (!other.deletion)
      throw new ConflictError(
        `only one version may stand in '${to}', and version ${other.label} does; move that one first`,
      );
  }
}

/** @throws ConflictError when the version has moved since its open request was made */
export function demandUnmoved(situation: Situation): void {
  const { request, last } = situation;
  if (
    request?.state === 'open' &&
    request.sequence !== (last?.sequence ?? 0) + 1
  )
    throw new ConflictError(
      `${referenceIn(situation)} has moved since it was asked for`,
    );
}

/** @throws ConflictError when what somebody holds would be put away for good */
export async function demandFree(
  { asset, version, type }: Situation,
  { to }: AssetTypeTransition,
  repository: Repository,
): Promise<void> {
  const stage = type.spec.stages.find(({ name }) => name === to);
  if (stage?.final) await demandNoHold(repository, asset, version);
}
