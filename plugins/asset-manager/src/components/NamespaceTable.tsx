import { Flex, Text } from '@backstage/ui';
import type { NamespaceUsage } from '@baseasset/backstage-plugin-asset-manager-common';
import { Bytes } from '@baseasset/backstage-plugin-asset-manager-react';
import { Table } from './Table';
import styles from './table.module.css';

/** From this part on a quota counts as nearly used up. */
const NEARLY_FULL = 0.9;

function Quota({ heldBytes, quota }: NamespaceUsage) {
  if (quota === undefined) return <Text color="secondary">no limit</Text>;
  const part = Math.min(1, quota === 0 ? 1 : heldBytes / quota);
  const full = part >= NEARLY_FULL ? styles.full : '';
  return (
    <>
      <Bytes value={quota} />
      <div
        role="meter"
        aria-label="Part of the quota that is used"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * part)}
        className={`${styles.bar} ${full}`}
        style={{ width: `${100 * part}%` }}
      />
    </>
  );
}

/** What the assets of each namespace hold, and how much they may. */
export function NamespaceTable(props: { rows: readonly NamespaceUsage[] }) {
  return (
    <Flex direction="column" gap="2">
      <Text as="h2" variant="title-x-small">
        Namespaces
      </Text>
      {props.rows.length === 0 ? (
        <Text color="secondary">Nothing is stored yet.</Text>
      ) : (
        <Table label="Namespaces" heads={['Name', 'Held', 'Quota', 'Assets']}>
          {props.rows.map(row => (
            <tr key={row.namespace}>
              <th scope="row">{row.namespace}</th>
              <td className={styles.number}>
                <Bytes value={row.heldBytes} />
              </td>
              <td className={styles.share}>
                <Quota {...row} />
              </td>
              <td className={styles.number}>
                {row.assets.toLocaleString('en-US')}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Flex>
  );
}
