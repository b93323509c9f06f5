import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { catalogApiRef, entityRouteRef } from '@backstage/plugin-catalog-react';
import { Container, Flex, Header, Skeleton } from '@backstage/ui';
import {
  AssetName,
  assetEntityRef,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Navigate, useLocation, useParams } from 'react-router-dom';
import useAsync from 'react-use/lib/useAsync';
import { assetsRouteRef } from '../routes';
import { AccessContent } from './AccessContent';
import { ActivityContent } from './ActivityContent';
import { AssetScope, AssetScopeValue } from './AssetScope';
import { addressOf, AssetTab, nameOf, viewOf } from './assetAddress';
import { FilesContent } from './FilesContent';
import { LifecycleContent } from './LifecycleContent';
import { LineageContent } from './LineageContent';
import { OverviewContent } from './OverviewContent';
import { VersionsContent } from './VersionsContent';

const TABS: {
  id: AssetTab;
  label: string;
  Content: (value: AssetScopeValue) => JSX.Element;
}[] = [
  { id: '', label: 'Overview', Content: OverviewContent },
  { id: 'files', label: 'Files', Content: FilesContent },
  { id: 'versions', label: 'Versions', Content: VersionsContent },
  { id: 'lifecycle', label: 'Lifecycle', Content: LifecycleContent },
  { id: 'lineage', label: 'Lineage', Content: LineageContent },
  { id: 'activity', label: 'Activity', Content: ActivityContent },
  { id: 'access', label: 'Access', Content: AccessContent },
];

/**
 * An asset's own address, true from the second of the push and for restricted
 * assets, too. Where the catalog has its entity, it forwards to the entity page.
 */
export function AssetPage() {
  const { namespace = '', name = '', '*': rest = '' } = useParams();
  const asset: AssetName = { namespace, name };
  const { search } = useLocation();
  const catalog = useApi(catalogApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const entityPath = useRouteRef(entityRouteRef);
  const { value: entity, loading } = useAsync(
    () =>
      catalog
        .getEntityByRef(assetEntityRef({ namespace, name }))
        .catch(() => undefined),
    [catalog, namespace, name],
  );
  const tab = TABS.find(each => each.id === rest) ?? TABS[0];
  const view = viewOf(new URLSearchParams(search));

  if (loading) {
    return (
      <Container>
        <Skeleton width="100%" height={120} />
      </Container>
    );
  }
  if (entity && entityPath) {
    const target = entityPath({
      kind: 'asset',
      namespace: entity.metadata.namespace ?? 'default',
      name: entity.metadata.name,
    });
    return (
      <Navigate to={`${target}${tab.id && `/${tab.id}`}${search}`} replace />
    );
  }
  const base = `${assetsPath?.() ?? '/assets'}/${namespace}/${name}`;
  return (
    <>
      <Header
        title={nameOf(asset)}
        breadcrumbs={[{ label: 'Assets', href: assetsPath?.() ?? '/assets' }]}
        activeTabId={tab.id || 'overview'}
        tabs={TABS.map(({ id, label }) => ({
          id: id || 'overview',
          label,
          href: addressOf(base, id, { version: view.version }),
        }))}
      />
      <Container>
        <Flex direction="column" py="4">
          <AssetScope name={asset} base={base} tab={tab.id}>
            {value => <tab.Content {...value} />}
          </AssetScope>
        </Flex>
      </Container>
    </>
  );
}
