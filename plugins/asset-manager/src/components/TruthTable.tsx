import type {
  AssetTypeSpec,
  AssetTypeTransition,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Table } from './Table';
import styles from './table.module.css';

/** From which stage a version may go to which, and what that takes; nothing else leads anywhere. */
export function TruthTable({ spec }: { spec: AssetTypeSpec }) {
  const { stages, transitions = [] } = spec;
  const wayOf = (from: string, to: string) =>
    transitions.find(way => way.from.includes(from) && way.to === to);
  return (
    <Table
      label="What leads where"
      heads={['From \\ to', ...stages.map(stage => stage.name)]}
    >
      {stages.map(({ name: from }) => (
        <tr key={from}>
          <th scope="row">{from}</th>
          {stages.map(({ name: to }) => (
            <td key={to} className={styles.cell}>
              {describe(from, to, wayOf(from, to))}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

function describe(from: string, to: string, way?: AssetTypeTransition) {
  if (from === to) return '';
  if (!way) return '–';
  const { role = 'maintainer', reason, gates = [], actions = [] } = way;
  return [
    role,
    reason === 'required' && 'with a reason',
    ...gates.map(({ name, mode = 'enforce' }) =>
      mode === 'enforce' ? name : `${name} (${mode})`,
    ),
    ...actions.map(action =>
      action.kind === 'alias' ? `→ ${action.alias}` : 'tells people',
    ),
  ]
    .filter(Boolean)
    .join(', ');
}
