import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Skeleton, Text } from '@backstage/ui';
import type { Run } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import type { ReactNode } from 'react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { Table } from './Table';
import styles from './table.module.css';
import { Who } from './Who';

/** What is known of a run. */
export function RunPanel(props: { id: string; onClose: () => void }) {
  const { id, onClose } = props;
  const client = useApi(assetManagerApiRef);
  const { value, error, retry } = useAsyncRetry(
    () => client.lineage.getRun(id),
    [client, id],
  );
  return (
    <Flex direction="column" gap="2">
      <Flex align="center" justify="between">
        <Text as="h2" variant="title-x-small">
          {value?.job ?? 'Run'}
        </Text>
        <Button variant="tertiary" size="small" onPress={onClose}>
          Close
        </Button>
      </Flex>
      {error && <Problem error={error} retry={retry} />}
      {!value && !error && <Skeleton width="100%" height={160} />}
      {value && (
        <Table label="Run" heads={['What', 'Recorded']}>
          {factsOf(value).map(([name, fact]) => (
            <tr key={name}>
              <td>{name}</td>
              <td className={styles.message}>{fact}</td>
            </tr>
          ))}
        </Table>
      )}
    </Flex>
  );
}

function factsOf(run: Run): [string, ReactNode][] {
  const { code = {}, recordedBy, onBehalfOf } = run;
  const facts: [string, ReactNode][] = [
    ['Id', run.id],
    ['State', run.state],
    ['Started', run.startedAt],
    ['Ended', run.endedAt],
    ['Recorded', run.recordedAt],
    ['By', <Who entityRef={recordedBy} />],
    ['For', onBehalfOf && <Who entityRef={onBehalfOf} />],
    ['Command', run.command?.join(' ')],
    [
      'Code',
      [
        code.repository,
        code.commit,
        code.dirty && 'with changes that are not in the commit',
        code.entrypoint,
      ]
        .filter(Boolean)
        .join(' · '),
    ],
    ['Parameters', valuesOf(run.parameters)],
    ['Metrics', valuesOf(run.metrics)],
    ['Environment', valuesOf(run.environment)],
    ['Left out, since it looks like a secret', run.dropped?.join(', ')],
  ];
  return facts.filter(([, fact]) => Boolean(fact));
}

function valuesOf(values: object | undefined): ReactNode {
  const all = Object.entries(values ?? {});
  return (
    all.length > 0 &&
    all.map(([name, value]) => (
      <Text as="p" key={name}>
        {`${name} = ${
          typeof value === 'string' ? value : JSON.stringify(value)
        }`}
      </Text>
    ))
  );
}
