import { viewAs, viewedPrincipal } from '../viewAs';
import { Band } from './Band';
import styles from './ViewAsBand.module.css';

/** Tells an administrator on every page that it looks with the eyes of somebody else. */
export function ViewAsBand() {
  const principal = viewedPrincipal();
  if (principal === undefined) return null;
  return (
    <div className={styles.band} role="status" aria-label="View as">
      <Band
        text={`Assets are shown as ${principal} sees them; nothing can be changed.`}
        action="Stop"
        onAction={() => viewAs(undefined)}
      />
    </div>
  );
}
