import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { ButtonLink } from '@backstage/ui';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import useAsync from 'react-use/lib/useAsync';
import { assetsRouteRef } from '../routes';

/** Leads auditors to the audit trail; nobody else sees it. */
export function AuditLink() {
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const { value: me } = useAsync(() => client.whoami(), [client]);
  if (!me?.auditor) return null;
  return (
    <ButtonLink
      variant="tertiary"
      href={`${assetsPath?.() ?? '/assets'}/audit`}
    >
      Audit trail
    </ButtonLink>
  );
}
