import { useApi } from '@backstage/frontend-plugin-api';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { Button, Flex, Text } from '@backstage/ui';
import type { AssetName } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { Table } from './Table';
import styles from './table.module.css';

/** Who asks for access to an asset, with the ways to grant and decline it. */
export function AccessRequests(props: {
  asset: AssetName;
  onDecided: () => void;
}) {
  const { asset, onDecided } = props;
  const client = useApi(assetManagerApiRef);
  const {
    value: requests,
    error,
    retry,
  } = useAsyncRetry(
    () => client.access.listRequestsOfAsset(asset),
    [client, asset],
  );
  const [decided, decide] = useAsyncFn(
    async (id: string, granted: boolean) => {
      await client.access.decideRequest(id, { granted });
      retry();
      onDecided();
    },
    [client, retry, onDecided],
  );
  if (error) return <Problem error={error} retry={retry} />;
  // Nothing that is empty takes room.
  if (!requests?.length) return null;
  return (
    <Flex direction="column" gap="3">
      <Text as="h2" variant="title-x-small">
        Requests
      </Text>
      {decided.error && <Problem error={decided.error} />}
      <Table
        label="Requests"
        heads={['Who', 'Asks to be', 'For', 'Asked', 'Reason']}
        actions
      >
        {requests.map(request => (
          <tr key={request.id}>
            <td>
              <EntityRefLink entityRef={request.requester} />
            </td>
            <td>{request.role}</td>
            <td>{`${request.days} days`}</td>
            <td>
              <Age time={request.createdAt} />
            </td>
            <td className={styles.message}>{request.reason}</td>
            <td>
              <Flex gap="2">
                <Button
                  size="small"
                  isDisabled={decided.loading}
                  aria-label={`Grant ${request.requester}`}
                  onPress={() => decide(request.id, true)}
                >
                  Grant
                </Button>
                <Button
                  size="small"
                  variant="secondary"
                  isDisabled={decided.loading}
                  aria-label={`Decline ${request.requester}`}
                  onPress={() => decide(request.id, false)}
                >
                  Decline
                </Button>
              </Flex>
            </td>
          </tr>
        ))}
      </Table>
    </Flex>
  );
}
