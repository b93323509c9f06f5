import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Text } from '@backstage/ui';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import type { StoreCheck } from '@baseasset/backstage-plugin-asset-manager-common';
import styles from './table.module.css';

function summaryOf(checks: readonly StoreCheck[]): string {
  const count = (wanted: StoreCheck['state']) =>
    checks.filter(({ state }) => state === wanted).length;
  if (count('failed') > 0)
    return `${count('failed')} of ${checks.length} tries failed.`;
  return count('warned') > 0
    ? `Nothing failed, ${count('warned')} of ${checks.length} tries warned.`
    : `All ${checks.length} tries went well.`;
}

/** Tries out every store when somebody asks for it, and says what to change. */
export function StoreChecks() {
  const client = useApi(assetManagerApiRef);
  const [{ value: checks, loading, error }, examine] = useAsyncFn(
    () => client.examineStores(),
    [client],
  );
  return (
    <Flex direction="column" gap="2">
      <Flex align="center" gap="3">
        <Button
          variant="secondary"
          size="small"
          isDisabled={loading}
          onPress={examine}
        >
          {loading ? 'Trying every store …' : 'Try every store'}
        </Button>
        {checks && <Text role="status">{summaryOf(checks)}</Text>}
      </Flex>
      {error && <Problem error={error} retry={examine} />}
      {checks && (
        <div className={styles.scroll}>
          <table className={styles.table} aria-label="Checks">
            <tbody>
              {checks.map(({ store, check, state, advice }) => (
                <tr key={`${store} ${check}`}>
                  <th scope="row">{store}</th>
                  <td>{check}</td>
                  <td className={styles[state]}>{state}</td>
                  <td>{advice}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Flex>
  );
}
