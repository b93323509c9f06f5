import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Container, Flex, Header, Skeleton, Text } from '@backstage/ui';
import {
  assetManagerApiRef,
  Bytes,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { assetsRouteRef } from '../routes';
import { CollectionTable } from './CollectionTable';
import { FixityChecks } from './FixityChecks';
import { NamespaceTable } from './NamespaceTable';
import { StorageTrend } from './StorageTrend';
import { StoreChecks } from './StoreChecks';
import { UsageTable } from './UsageTable';

/** What the bytes of the installation take, where they stand, and how the stores are; for operators. */
export function StoragePage() {
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const { value, error, retry } = useAsyncRetry(async () => {
    const [report, stores, plan] = await Promise.all([
      client.getStorage(),
      client.listStores(),
      client.planCollection(),
    ]);
    return { report, stores, plan };
  }, [client]);

  return (
    <>
      <Header
        title="Storage"
        breadcrumbs={[{ label: 'Assets', href: assetsPath?.() ?? '/assets' }]}
      />
      <Container>
        <Flex direction="column" gap="6" py="4">
          {error && <Problem error={error} retry={retry} />}
          {!error && !value && (
            <Flex direction="column" gap="3" aria-busy>
              <Skeleton width="50%" height={32} />
              <Skeleton width="100%" height={160} />
            </Flex>
          )}
          {value && (
            <>
              <Text>
                <Bytes value={value.report.logicalBytes} /> in versions, stored
                in <Bytes value={value.report.storedBytes} />.{' '}
                {value.report.uploads.open === 0
                  ? 'No upload is under way.'
                  : `Uploads under way: ${value.report.uploads.open}.`}
              </Text>
              <StorageTrend samples={value.report.trend} />
              <UsageTable
                title="Stores"
                rows={value.stores.map(
                  store =>
                    value.report.byStore.find(
                      each => each.value === store.name,
                    ) ?? {
                      value: store.name,
                      assets: 0,
                      blobs: 0,
                      storedBytes: 0,
                    },
                )}
                notes={
                  new Map(
                    value.stores.map(store => [
                      store.name,
                      [
                        store.default ? 'default' : undefined,
                        store.direct ? 'direct' : 'through the portal',
                      ]
                        .filter(Boolean)
                        .join(', '),
                    ]),
                  )
                }
              />
              <StoreChecks />
              <FixityChecks />
              <UsageTable title="Asset types" rows={value.report.byType} />
              <UsageTable title="Owners" rows={value.report.byOwner} />
              <NamespaceTable rows={value.report.byNamespace} />
              <CollectionTable plan={value.plan} />
            </>
          )}
        </Flex>
      </Container>
    </>
  );
}
