import { Skeleton, Text } from '@backstage/ui';
import { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  decodeText,
  Problem,
  useFileHead,
  ViewerProps,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import Papa from 'papaparse';
import { useMemo, useRef } from 'react';
import styles from './CsvViewer.module.css';

const SHOWN = 2 * 1024 * 1024;
const ROW_HEIGHT = 28;
const MOST_COLUMNS = 200;

/** Tables as text: comma or tab separated, the first line as the head. */
export function CsvViewer(props: ViewerProps) {
  const { file, source } = props;
  const { value, error, retry } = useFileHead(source, SHOWN);
  const list = useRef<HTMLDivElement>(null);
  const table = useMemo(() => {
    if (!value) return undefined;
    const { data } = Papa.parse<string[]>(decodeText(value.bytes), {
      delimiter: file.mediaType === 'text/tab-separated-values' ? '\t' : '',
      skipEmptyLines: true,
    });
    // The last line is cut where the reading stopped.
    const rows = value.truncated ? data.slice(0, -1) : data;
    const columns = Math.min(
      MOST_COLUMNS,
      Math.max(0, ...rows.slice(0, 100).map(row => row.length)),
    );
    return { head: rows[0] ?? [], rows: rows.slice(1), columns };
  }, [value, file.mediaType]);
  const virtual = useVirtualizer({
    count: table?.rows.length ?? 0,
    getScrollElement: () => list.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });

  if (error) return <Problem error={error} retry={retry} />;
  if (!table || !value) return <Skeleton width="100%" height={200} />;
  const style = {
    gridTemplateColumns: `56px repeat(${table.columns}, minmax(90px, 180px))`,
  };
  const cells = Array.from({ length: table.columns }, (_, column) => column);
  return (
    <div>
      <div
        ref={list}
        className={styles.table}
        role="grid"
        aria-label={file.path}
        tabIndex={0}
      >
        <div className={styles.head} role="row" style={style}>
          <span role="columnheader" className={styles.number}>
            #
          </span>
          {cells.map(column => (
            <span key={column} role="columnheader" title={table.head[column]}>
              {table.head[column]}
            </span>
          ))}
        </div>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              role="row"
              className={styles.row}
              style={{ ...style, top: start, height: ROW_HEIGHT }}
            >
              <span className={styles.number}>{index + 1}</span>
              {cells.map(column => (
                <span
                  key={column}
                  role="gridcell"
                  title={table.rows[index][column]}
                >
                  {table.rows[index][column]}
                </span>
              ))}
            </div>
          ))}
        </div>
      </div>
      <Text color="secondary" variant="body-small" className={styles.foot}>
        {`${table.rows.length.toLocaleString('en-US')} rows, ${
          table.columns
        } columns${
          value.truncated
            ? `; the first ${formatBytes(SHOWN)} of ${formatBytes(file.size)}`
            : ''
        }`}
      </Text>
    </div>
  );
}
