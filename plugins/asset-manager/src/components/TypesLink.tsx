import { useRouteRef } from '@backstage/frontend-plugin-api';
import { ButtonLink } from '@backstage/ui';
import { assetsRouteRef } from '../routes';

/** Leads to the rules of the asset types. */
export function TypesLink() {
  const assetsPath = useRouteRef(assetsRouteRef);
  return (
    <ButtonLink
      variant="tertiary"
      href={`${assetsPath?.() ?? '/assets'}/types`}
    >
      Asset types
    </ButtonLink>
  );
}
