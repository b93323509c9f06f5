import { CopyButton } from '@baseasset/backstage-plugin-asset-manager-react';
import { RiArrowDownSLine, RiArrowRightSLine } from '@remixicon/react';
import { useMemo, useState } from 'react';
import { useVirtualTree } from '../components/useVirtualTree';
import { JsonRow, jsonRows } from './jsonRows';
import styles from './JsonTree.module.css';

const ROW_HEIGHT = 24;
const MOST_TEXT = 300;

function valueText(row: JsonRow): string {
  const { value, size } = row;
  if (size !== undefined) {
    const noun = Array.isArray(value) ? 'item' : 'key';
    const count = `${size} ${noun}${size === 1 ? '' : 's'}`;
    return Array.isArray(value) ? `[ ${count} ]` : `{ ${count} }`;
  }
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}

/** A JSON document as a tree of which only what is on the screen is drawn. */
export function JsonTree(props: { data: unknown }) {
  const { data } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(['']));
  const rows = useMemo(() => jsonRows(data, open), [data, open]);
  const toggle = (pointer: string, expand: boolean) =>
    setOpen(before => {
      const after = new Set(before);
      if (expand) after.add(pointer);
      else after.delete(pointer);
      return after;
    });
  const { list, virtual, active, setActive, onKeyDown } = useVirtualTree({
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    onKey(key, at) {
      const { pointer, size, expanded } = rows[at];
      if (key === 'ArrowLeft') toggle(pointer, false);
      else if (key === 'ArrowRight' && size !== undefined)
        toggle(pointer, true);
      else if (key === 'Enter' && size !== undefined)
        toggle(pointer, !expanded);
      else return false;
      return true;
    },
  });
  const chosen = rows[active];
  return (
    <div>
      <div
        ref={list}
        className={styles.tree}
        role="tree"
        aria-label="JSON"
        tabIndex={0}
        aria-activedescendant={`json-row-${active}`}
        onKeyDown={onKeyDown}
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            const Arrow = row.expanded ? RiArrowDownSLine : RiArrowRightSLine;
            return (
              // The keyboard is served by the tree, whose active descendant this is.
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={row.pointer}
                id={`json-row-${index}`}
                role="treeitem"
                tabIndex={-1}
                aria-level={row.depth + 1}
                aria-selected={index === active}
                aria-expanded={
                  row.size === undefined ? undefined : row.expanded
                }
                className={`${styles.row} ${
                  index === active ? styles.active : ''
                }`}
                style={{
                  top: start,
                  height: ROW_HEIGHT,
                  paddingLeft: 8 + row.depth * 16,
                }}
                onClick={() => {
                  setActive(index);
                  if (row.size !== undefined)
                    toggle(row.pointer, !row.expanded);
                }}
              >
                {row.size === undefined ? (
                  <span className={styles.gap} />
                ) : (
                  <Arrow size={16} aria-hidden />
                )}
                {row.name !== undefined && (
                  <span className={styles.name}>{row.name}:</span>
                )}
                <span
                  className={
                    row.size === undefined
                      ? styles[typeof row.value]
                      : styles.count
                  }
                >
                  {valueText(row)}
                </span>
              </div>
            );
          })}
        </div>
      </div>
      {chosen && (
        <div className={styles.foot}>
          <code>{chosen.pointer || '/'}</code>
          <CopyButton text={chosen.pointer} what="JSON pointer" />
        </div>
      )}
    </div>
  );
}
