import { Flex, Text } from '@backstage/ui';
import type { StorageUsage } from '@baseasset/backstage-plugin-asset-manager-common';
import { Bytes } from '@baseasset/backstage-plugin-asset-manager-react';
import styles from './table.module.css';

/** What a part of the installation takes, with its share as a bar. */
export function UsageTable(props: {
  title: string;
  rows: readonly StorageUsage[];
  /** What is to be said of some rows, by their values. */
  notes?: ReadonlyMap<string, string>;
}) {
  const { title, rows, notes } = props;
  const most = Math.max(1, ...rows.map(({ storedBytes }) => storedBytes));
  return (
    <Flex direction="column" gap="2">
      <Text as="h2" variant="title-x-small">
        {title}
      </Text>
      {rows.length === 0 ? (
        <Text color="secondary">Nothing is stored yet.</Text>
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table} aria-label={title}>
            <thead>
              <tr>
                <th>Name</th>
                <th>Stored</th>
                <th aria-label="Share" />
                <th>Blobs</th>
                <th>Assets</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={row.value}>
                  <th scope="row">
                    {row.value}{' '}
                    {notes?.has(row.value) && (
                      <Text color="secondary">{notes.get(row.value)}</Text>
                    )}
                  </th>
                  <td className={styles.number}>
                    <Bytes value={row.storedBytes} />
                  </td>
                  <td className={styles.share}>
                    <div
                      className={styles.bar}
                      style={{ width: `${(100 * row.storedBytes) / most}%` }}
                    />
                  </td>
                  <td className={styles.number}>
                    {row.blobs.toLocaleString('en-US')}
                  </td>
                  <td className={styles.number}>
                    {row.assets.toLocaleString('en-US')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Flex>
  );
}
