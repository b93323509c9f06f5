import { useApi } from '@backstage/frontend-plugin-api';
import { Flex, Skeleton } from '@backstage/ui';
import type {
  Asset,
  AssetName,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import type { AssetManagerError } from '@baseasset/client';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { AccessContent } from './AccessContent';
import { AssetTab, viewOf } from './assetAddress';
import styles from './AssetScope.module.css';
import { DeclarationBand } from './DeclarationBand';
import { RequestAccess } from './RequestAccess';
import { FirstPush } from './FirstPush';
import { VersionBar } from './VersionBar';

/** What the tabs of an asset share. */
export interface AssetScopeValue {
  asset: Asset;
  version: AssetVersion;
  /** Where the asset's page stands. */
  base: string;
  reload(): void;
}

/**
 * Loads an asset and the version that the address names, shows the bar that all
 * tabs have, and then the tab.
 */
export function AssetScope(props: {
  name: AssetName;
  base: string;
  tab: AssetTab;
  children: (value: AssetScopeValue) => ReactNode;
}) {
  const { name, base, tab, children } = props;
  const { namespace, name: shortName } = name;
  const client = useApi(assetManagerApiRef);
  const [search] = useSearchParams();
  const { version: selector } = viewOf(search);

  const { value, error, loading, retry } = useAsyncRetry(async () => {
    const reference = { namespace, name: shortName };
    const asset = await client.getAsset(reference);
    // A deleted version has its page as well.
    if (asset.versionCount === 0 && selector === undefined) return { asset };
    try {
      return {
        asset,
        version: await client.getVersion({ ...reference, selector }),
      };
    } catch (thrown) {
      const { status } = thrown as Partial<AssetManagerError>;
      if (selector !== undefined || status !== 404) throw thrown;
      // All are retracted: the newest of them has the way back.
      const { items } = await client.listVersions(reference, { limit: 1 });
      return { asset, version: items[0] };
    }
  }, [client, namespace, shortName, selector]);

  if (error) {
    const { status } = error as Partial<AssetManagerError>;
    return (
      <Flex direction="column" gap="4">
        <Problem error={error} retry={retry} />
        {status === 404 && selector === undefined && (
          <RequestAccess name={name} />
        )}
      </Flex>
    );
  }
  if (!value) {
    return (
      <Flex direction="column" gap="3" aria-busy={loading}>
        <Skeleton width="100%" height={40} />
        <Skeleton width="60%" height={24} />
        <Skeleton width="80%" height={160} />
      </Flex>
    );
  }
  const { asset, version } = value;
  if (!version) {
    return tab === 'access' ? (
      <AccessContent asset={asset} reload={retry} />
    ) : (
      <FirstPush asset={asset} onPushed={retry} />
    );
  }
  return (
    <Flex direction="column" gap="4" className={styles.scope}>
      <DeclarationBand asset={asset} onAccepted={retry} />
      <VersionBar
        asset={asset}
        version={version}
        base={base}
        tab={tab}
        reload={retry}
      />
      {children({ asset, version, base, reload: retry })}
    </Flex>
  );
}
