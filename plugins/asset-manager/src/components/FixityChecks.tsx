import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Skeleton, Text } from '@backstage/ui';
import type {
  FixityCheck,
  FixityReport,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Bytes,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import useInterval from 'react-use/lib/useInterval';
import { FixityFindings } from './FixityFindings';
import styles from './table.module.css';

const POLL_MS = 1000;
const SHOWN = 5;

function isUnderWay(check: FixityCheck | undefined): boolean {
  return check?.state === 'queued' || check?.state === 'running';
}

function lostIn(check: FixityCheck): number {
  return check.found
    .filter(({ outcome }) => outcome === 'lost')
    .reduce((sum, { count }) => sum + count, 0);
}

function Outcome({ check }: { check: FixityCheck }) {
  if (isUnderWay(check)) {
    return (
      <progress
        aria-label="How far the check is"
        max={Math.max(1, check.totalObjects)}
        value={Math.min(check.checkedObjects, check.totalObjects)}
      />
    );
  }
  if (check.state === 'failed')
    return <span className={styles.failed}>{check.error}</span>;
  if (check.found.length === 0)
    return <span className={styles.ok}>all is well</span>;
  return (
    <span className={lostIn(check) > 0 ? styles.failed : undefined}>
      {check.found
        .map(({ problem, outcome, count }) => `${count} ${problem}, ${outcome}`)
        .join('; ')}
    </span>
  );
}

/** The last fixity checks with what they found, and the way to order another one. */
export function FixityChecks() {
  const client = useApi(assetManagerApiRef);
  const [shownId, setShownId] = useState<string>();
  const {
    value: checks,
    error,
    retry,
  } = useAsyncRetry(() => client.listFixityChecks(), [client]);
  const [ordered, order] = useAsyncFn(
    async (sample: number) => {
      await client.createFixityCheck({ sample });
      retry();
    },
    [client, retry],
  );
  useInterval(retry, isUnderWay(checks?.[0]) ? POLL_MS : null);
  const shown = checks?.find(({ id }) => id === shownId);
  const { value: report } = useAsyncRetry(
    async (): Promise<FixityReport | undefined> =>
      shown && client.getFixityReport(shown.id),
    [client, shown?.id, shown?.updatedAt],
  );
  const busy = ordered.loading || isUnderWay(checks?.[0]);

  return (
    <Flex direction="column" gap="2">
      <Text as="h2" variant="title-x-small">
        Fixity
      </Text>
      <Text color="secondary">
        Whether everything stands where it should and is what it should be. What
        is missing or damaged is healed from another copy.
      </Text>
      <Flex align="center" gap="3">
        <Button
          variant="secondary"
          size="small"
          isDisabled={busy}
          onPress={() => order(0)}
        >
          Look for everything
        </Button>
        <Button
          variant="secondary"
          size="small"
          isDisabled={busy}
          onPress={() => order(100)}
        >
          Read all bytes
        </Button>
      </Flex>
      {ordered.error && <Problem error={ordered.error} />}
      {error && <Problem error={error} retry={retry} />}
      {!error && !checks && <Skeleton width="100%" height={64} />}
      {checks?.length === 0 && (
        <Text color="secondary">Nothing was checked yet.</Text>
      )}
      {checks && checks.length > 0 && (
        <div className={styles.scroll}>
          <table className={styles.table} aria-label="Fixity checks">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">By</th>
                <th scope="col">Objects</th>
                <th scope="col">Read</th>
                <th scope="col">Found</th>
                <th scope="col" aria-label="More" />
              </tr>
            </thead>
            <tbody>
              {checks.slice(0, SHOWN).map(check => (
                <tr key={check.id}>
                  <th scope="row">
                    <Age time={check.createdAt} />
                  </th>
                  <td>
                    {check.createdBy === 'asset-manager'
                      ? 'the schedule'
                      : check.createdBy.replace(/^user:(default\/)?/, '')}
                  </td>
                  <td className={styles.number}>
                    {check.checkedObjects.toLocaleString()}
                  </td>
                  <td className={styles.number}>
                    <Bytes value={check.readBytes} />
                  </td>
                  <td>
                    <Outcome check={check} />
                  </td>
                  <td>
                    {check.found.length > 0 && (
                      <Button
                        variant="tertiary"
                        size="small"
                        aria-expanded={check.id === shownId}
                        onPress={() =>
                          setShownId(
                            check.id === shownId ? undefined : check.id,
                          )
                        }
                      >
                        {check.id === shownId ? 'Hide' : 'Details'}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown && report && <FixityFindings report={report} />}
    </Flex>
  );
}
