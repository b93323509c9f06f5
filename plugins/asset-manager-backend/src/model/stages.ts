import type {
  AssetTypeSpec,
  AssetTypeTransition,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** The stage that versions begin in. */
export function initialStage(spec: AssetTypeSpec): string {
  return spec.stages.find(stage => stage.initial)!.name;
}

/** What leads out of a stage, in the order of the document. */
export function transitionsFrom(
  spec: AssetTypeSpec,
  stage: string,
): AssetTypeTransition[] {
  return (spec.transitions ?? []).filter(({ from }) => from.includes(stage));
}

/** Who may make a transition: a maintainer, unless the type says another. */
export function roleOf(transition: AssetTypeTransition): Role {
  return transition.role ?? 'maintainer';
}
