import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Container, Flex, Header, Skeleton, Text } from '@backstage/ui';
import type { TransitionRequest } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { assetsRouteRef } from '../routes';
import { RequestCard } from './RequestCard';

/** What waits for the person's approval, and what the person asked for. */
export function ApprovalsPage() {
  const client = useApi(assetManagerApiRef);
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const { value, error, retry } = useAsyncRetry(
    () => client.lifecycle.listMine(),
    [client],
  );
  const cards = (requests: readonly TransitionRequest[], empty: string) =>
    requests.length === 0 ? (
      <Text color="secondary">{empty}</Text>
    ) : (
      requests.map(request => (
        <RequestCard
          key={request.id}
          request={request}
          base={`${base}/${request.namespace}/${request.name}`}
          isNamed
          onDecided={retry}
        />
      ))
    );
  return (
    <>
      <Header
        title="Approvals"
        breadcrumbs={[{ label: 'Assets', href: base }]}
      />
      <Container>
        <Flex direction="column" gap="4" py="4">
          {error && <Problem error={error} retry={retry} />}
          {!error && !value && <Skeleton width="100%" height={200} />}
          {value && (
            <>
              <Text as="h2" variant="title-x-small">
                Waiting for you
              </Text>
              {cards(value.toDecide, 'Nothing waits for your approval.')}
              <Text as="h2" variant="title-x-small">
                You asked for
              </Text>
              {cards(value.asked, 'Nothing that you asked for is open.')}
            </>
          )}
        </Flex>
      </Container>
    </>
  );
}
