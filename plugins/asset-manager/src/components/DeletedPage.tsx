import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Button, Container, Flex, Header, Skeleton, Text } from '@backstage/ui';
import type { DeletedAsset } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  AssetNameText,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { useNavigate } from 'react-router-dom';
import { assetsRouteRef } from '../routes';
import { nameOf } from './assetAddress';
import styles from './table.module.css';

/** The person's deleted assets, as long as they can be brought back. */
export function DeletedPage() {
  const client = useApi(assetManagerApiRef);
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const navigate = useNavigate();
  const [failure, setFailure] = useState<unknown>();
  const { value, error, retry } = useAsyncRetry(
    () => client.listDeletedAssets(),
    [client],
  );
  const undelete = (asset: DeletedAsset) =>
    client
      .undeleteAsset(asset)
      .then(
        () => navigate(`${base}/${asset.namespace}/${asset.name}`),
        setFailure,
      );
  return (
    <>
      <Header
        title="Deleted assets"
        breadcrumbs={[{ label: 'Assets', href: base }]}
      />
      <Container>
        <Flex direction="column" gap="4" py="4">
          {failure !== undefined && <Problem error={failure} />}
          {error && <Problem error={error} retry={retry} />}
          {!error && !value && <Skeleton width="100%" height={120} />}
          {value?.length === 0 && (
            <Text color="secondary">
              Nothing of yours was deleted lately. What is deleted can be
              brought back from here for a while.
            </Text>
          )}
          {value && value.length > 0 && (
            <div className={styles.scroll}>
              <table className={styles.table} aria-label="Deleted assets">
                <thead>
                  <tr>
                    <th scope="col">Asset</th>
                    <th scope="col">Versions</th>
                    <th scope="col">Deleted</th>
                    <th scope="col">Reason</th>
                    <th scope="col">Can be brought back until</th>
                    <th scope="col" aria-label="Undelete" />
                  </tr>
                </thead>
                <tbody>
                  {value.map(asset => (
                    <tr key={nameOf(asset)}>
                      <th scope="row">
                        <AssetNameText asset={asset} />
                      </th>
                      <td className={styles.number}>{asset.versionCount}</td>
                      <td>
                        <Age time={asset.deletion.at} />
                        {` by ${asset.deletion.by.replace(
                          /^user:(default\/)?/,
                          '',
                        )}`}
                      </td>
                      <td>{asset.deletion.reason}</td>
                      <td>{asset.deletion.until?.slice(0, 10)}</td>
                      <td>
                        <Button
                          variant="secondary"
                          size="small"
                          onPress={() => undelete(asset)}
                        >
                          Bring it back
                        </Button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Flex>
      </Container>
    </>
  );
}
