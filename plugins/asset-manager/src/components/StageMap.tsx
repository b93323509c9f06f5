import type {
  AssetType,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Graph } from './Graph';

const MOST_LABELS = 3;

/** The stages of a type with the ways between them, and the versions that stand in each. */
export function StageMap(props: {
  type: AssetType;
  /** Nothing is said of versions when left out. */
  versions?: readonly AssetVersion[];
  /** The stage of the version that is looked at. */
  here?: string;
}) {
  const { type, versions, here } = props;
  const { stages, transitions = [] } = type.spec;
  const labels = (stage: string) =>
    versions?.filter(each => each.stage === stage).map(each => each.label);
  return (
    <Graph
      compact
      label={`Stages of the type ${type.title ?? type.name}`}
      nodes={stages.map(stage => ({
        id: stage.name,
        title: stage.title ?? stage.name,
        detail: describe(labels(stage.name)),
        here: stage.name === here,
      }))}
      edges={transitions.flatMap(({ from, to }) =>
        from.map(each => ({ from: each, to })),
      )}
    />
  );
}

function describe(labels: readonly string[] | undefined): string | undefined {
  if (!labels) return undefined;
  if (labels.length === 0) return 'no version';
  const shown = labels.slice(0, MOST_LABELS).join(', ');
  return labels.length > MOST_LABELS
    ? `${shown} and ${labels.length - MOST_LABELS} more`
    : shown;
}
