import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { ButtonLink } from '@backstage/ui';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import useAsync from 'react-use/lib/useAsync';
import { assetsRouteRef } from '../routes';

/** Leads to what waits for the person, or was asked for by the person; nowhere when there is nothing. */
export function ApprovalsLink() {
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const { value } = useAsync(() => client.lifecycle.listMine(), [client]);
  if (!value || value.toDecide.length + value.asked.length === 0) return null;
  return (
    <ButtonLink
      variant="tertiary"
      href={`${assetsPath?.() ?? '/assets'}/approvals`}
    >
      {value.toDecide.length > 0
        ? `Approvals (${value.toDecide.length})`
        : 'Approvals'}
    </ButtonLink>
  );
}
