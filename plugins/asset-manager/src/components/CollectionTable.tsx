import { Flex, Text } from '@backstage/ui';
import type { CollectionPlan } from '@baseasset/backstage-plugin-asset-manager-common';
import { Bytes } from '@baseasset/backstage-plugin-asset-manager-react';
import styles from './table.module.css';

const SHOWN = 50;

/** What the next collection deletes, and what keeps the rest. */
export function CollectionTable(props: { plan: CollectionPlan }) {
  const { items, truncated } = props.plan;
  const shown = items.slice(0, SHOWN);
  return (
    <Flex direction="column" gap="2">
      <Text as="h2" variant="title-x-small">
        Waiting to be deleted
      </Text>
      {shown.length === 0 ? (
        <Text color="secondary">Something refers to every blob.</Text>
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table} aria-label="Waiting to be deleted">
            <tbody>
              {shown.map(({ store, key, size, reason, keptBy }) => (
                <tr key={`${store} ${key}`}>
                  <th scope="row">{store}</th>
                  <td className={styles.key}>{key}</td>
                  <td className={styles.number}>
                    {size !== undefined && <Bytes value={size} />}
                  </td>
                  <td>
                    {reason === 'unfinished'
                      ? 'of a push that was not finished'
                      : 'nothing refers to it'}
                  </td>
                  <td>
                    {keptBy
                      ? `kept by ${keptBy}`
                      : 'goes with the next collection'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(truncated || items.length > SHOWN) && (
        <Text color="secondary">
          There are more; the command line lists them: asset gc --dry-run
        </Text>
      )}
    </Flex>
  );
}
