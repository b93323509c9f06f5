import type { ReactNode } from 'react';
import styles from './table.module.css';

/** A table that scrolls sideways where there is no room for it. */
export function Table(props: {
  /** What it lists, for those who do not see it. */
  label: string;
  heads: readonly string[];
  /** Whether the last column has buttons. */
  actions?: boolean;
  /** Rows. */
  children: ReactNode;
}) {
  const { label, heads, actions, children } = props;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {heads.map(head => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            {actions && <th aria-label="Actions" />}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
