import { useRouteRef } from '@backstage/frontend-plugin-api';
import { entityRouteRef, useEntity } from '@backstage/plugin-catalog-react';
import { AssetScope, AssetScopeValue } from './AssetScope';
import type { AssetTab } from './assetAddress';

/** A tab of an asset on its entity page. */
export function EntityAssetContent(props: {
  tab: AssetTab;
  Content: (value: AssetScopeValue) => JSX.Element;
}) {
  const { tab, Content } = props;
  const { entity } = useEntity();
  const entityPath = useRouteRef(entityRouteRef);
  const name = {
    namespace: entity.metadata.namespace ?? 'default',
    name: entity.metadata.name,
  };
  const base =
    entityPath?.({ kind: 'asset', ...name }) ??
    `/assets/${name.namespace}/${name.name}`;
  return (
    <AssetScope name={name} base={base} tab={tab}>
      {value => <Content {...value} />}
    </AssetScope>
  );
}
