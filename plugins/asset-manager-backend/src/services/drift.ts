import type {
  AssetTypeTransition,
  GateResult,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { GateJudge } from './GateJudge';
import type { Situation } from './Situation';

/** What is no matter of the version, and was asked when it moved. */
const ASKED_ONCE = ['approvals', 'wait'];

/**
 * What a version does not meet, by some rules, of what led it to where it stands.
 *
 * @param situation - with the rules that it is held to
 */
export async function driftOf(
  judge: GateJudge,
  situation: Situation,
): Promise<GateResult[]> {
  const { last, type } = situation;
  if (!last) return [];
  const way = type.spec.transitions?.find(
    each => each.to === last.to && each.from.includes(last.from),
  );
  if (!way)
    return [
      {
        name: 'way',
        kind: 'way',
        mode: 'enforce',
        state: 'failed',
        message: `nothing leads from '${last.from}' to '${last.to}' any more`,
      },
    ];
  const asked: AssetTypeTransition = {
    ...way,
    gates: way.gates?.filter(({ kind }) => !ASKED_ONCE.includes(kind)),
  };
  // It stands there already: what somebody asks for now is another matter.
  const { gates } = await judge.judge(
    { ...situation, request: undefined, decisions: [] },
    asked,
    { fresh: false },
  );
  const waived = new Set(
    last.gates
      ?.filter(({ state }) => state === 'waived')
      .map(({ name }) => name),
  );
  return gates.filter(
    ({ name, mode, state }) =>
      mode === 'enforce' && state !== 'passed' && !waived.has(name),
  );
}
