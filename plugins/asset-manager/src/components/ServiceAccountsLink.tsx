import { useRouteRef } from '@backstage/frontend-plugin-api';
import { ButtonLink } from '@backstage/ui';
import { assetsRouteRef } from '../routes';

/** Leads to the accounts of pipelines and CI jobs. */
export function ServiceAccountsLink() {
  const assetsPath = useRouteRef(assetsRouteRef);
  return (
    <ButtonLink
      variant="tertiary"
      href={`${assetsPath?.() ?? '/assets'}/service-accounts`}
    >
      Service accounts
    </ButtonLink>
  );
}
