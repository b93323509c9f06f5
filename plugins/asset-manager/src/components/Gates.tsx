import type {
  Decision,
  GateResult,
  GateState,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Age } from '@baseasset/backstage-plugin-asset-manager-react';
import {
  RiCheckboxCircleLine,
  RiCloseCircleLine,
  RiErrorWarningLine,
  RiTimeLine,
} from '@remixicon/react';
import styles from './Gates.module.css';

const ICONS: Record<GateState, typeof RiTimeLine> = {
  passed: RiCheckboxCircleLine,
  failed: RiCloseCircleLine,
  waiting: RiTimeLine,
  waived: RiErrorWarningLine,
};

/** What the gates of a way say, each with what it waits for. */
export function Gates({ gates }: { gates: readonly GateResult[] }) {
  // Nothing that is empty takes room.
  if (gates.length === 0) return null;
  return (
    <ul className={styles.gates} aria-label="Gates">
      {gates.map(gate => {
        const Icon = ICONS[gate.state];
        return (
          <li key={gate.name} className={styles.gate}>
            <Icon
              size={18}
              className={styles[gate.state]}
              aria-label={gate.state}
            />
            <span className={styles.text}>
              <span className={styles.name}>{gate.name}</span>
              {gate.mode !== 'enforce' && (
                <span className={styles.mode}>{` (${gate.mode} only)`}</span>
              )}
              {`: ${gate.message}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

const VERBS: Record<Decision['decision'], string> = {
  approve: 'approved',
  reject: 'rejected',
  waive: 'waived',
};

/** Who decided what, with what the person said by it; what is void is shown as such. */
export function Decisions({ decisions }: { decisions: readonly Decision[] }) {
  if (decisions.length === 0) return null;
  return (
    <ul className={styles.gates} aria-label="Decisions">
      {decisions.map(each => (
        <li key={`${each.by} ${each.at}`} className={styles.gate}>
          <span className={styles.text}>
            <span className={each.void ? styles.void : undefined}>
              <span className={styles.name}>{each.by}</span>
              {` ${VERBS[each.decision]}${each.gate ? ` ${each.gate}` : ''}: ${
                each.meaning
              }${each.comment ? ` – ${each.comment}` : ''}, `}
              <Age time={each.at} />
            </span>
            {each.void && ` void: ${each.void}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
