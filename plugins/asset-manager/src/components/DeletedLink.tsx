import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { ButtonLink } from '@backstage/ui';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import useAsync from 'react-use/lib/useAsync';
import { assetsRouteRef } from '../routes';

/** Leads to what the person can bring back; hidden when there is nothing. */
export function DeletedLink() {
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const { value } = useAsync(() => client.listDeletedAssets(), [client]);
  if (!value?.length) return null;
  return (
    <ButtonLink
      variant="tertiary"
      href={`${assetsPath?.() ?? '/assets'}/deleted`}
    >
      {`Deleted (${value.length})`}
    </ButtonLink>
  );
}
