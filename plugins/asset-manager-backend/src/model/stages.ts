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

/**
 * The fields of the metadata that a version has to have in a stage: those that the
 * stage asks for, and each stage that every way there leads through.
 */
export function requiredIn(spec: AssetTypeSpec, stage: string): Set<string> {
  return new Set(
    spec.stages
      .filter(
        ({ name, requires }) =>
          requires && (name === stage || !canReach(spec, stage, name)),
      )
      .flatMap(({ requires = [] }) => requires),
  );
}

/** Whether a stage can be come to without another one. */
function canReach(spec: AssetTypeSpec, stage: string, without: string) {
  const reached = new Set<string>();
  const visit = (name: string) => {
    if (name === without || reached.has(name)) return;
    reached.add(name);
    for (const { to } of transitionsFrom(spec, name)) visit(to);
  };
  visit(initialStage(spec));
  return reached.has(stage);
}

/** Who may make a transition: a maintainer, unless the type says another. */
export function roleOf(transition: AssetTypeTransition): Role {
  return transition.role ?? 'maintainer';
}
