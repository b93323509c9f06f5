import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { ButtonLink } from '@backstage/ui';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import useAsync from 'react-use/lib/useAsync';
import { assetsRouteRef } from '../routes';

/** Leads operators to the stores; nobody else sees it. */
export function StorageLink() {
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const { value: me } = useAsync(() => client.whoami(), [client]);
  if (!me?.operator) return null;
  return (
    <ButtonLink
      variant="secondary"
      href={`${assetsPath?.() ?? '/assets'}/storage`}
    >
      Storage
    </ButtonLink>
  );
}
