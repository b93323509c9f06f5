import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { Button, Link, Text } from '@backstage/ui';
import type {
  Grant,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import { assetsRouteRef } from '../routes';
import { Table } from './Table';
import styles from './table.module.css';

/** Where a grant was given, as a sentence has it. */
function placeOf(scope: string): string {
  const [kind, name] = scope.split(/:(.*)/s);
  if (kind === 'asset') return 'this asset';
  if (kind === 'namespace') return `all of ${name}/`;
  if (kind === 'type') return `every ${name}`;
  return 'everything';
}

/** A person or group leads to its page; a service account has none in the catalog. */
function Principal({ principal }: { principal: string }) {
  const account = /^service:default\/(.+)$/.exec(principal)?.[1];
  return account === undefined ? (
    <EntityRefLink entityRef={principal} />
  ) : (
    <>{`service account ${account}`}</>
  );
}

/** Who has which role, and the way to end it. */
export function GrantTable(props: {
  /** The scope that is looked at; what was given for a wider one is ended there. */
  scope: string;
  grants: readonly Grant[];
  /** Roles that the person may give, and so take away. */
  grantable: readonly Role[];
  onEnded: () => void;
}) {
  const { scope, grants, grantable, onEnded } = props;
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const client = useApi(assetManagerApiRef);
  const [ended, end] = useAsyncFn(
    async (id: string) => {
      await client.access.endGrant(id);
      onEnded();
    },
    [client, onEnded],
  );
  if (grants.length === 0) {
    return (
      <Text color="secondary">
        There are no grants: nobody has more than owner and visibility give.
      </Text>
    );
  }
  return (
    <>
      {ended.error && <Problem error={ended.error} />}
      <Table
        label="Grants"
        heads={['Who', 'Role', 'Where', 'Ends', 'Given', 'Reason']}
        actions
      >
        {grants.map(grant => (
          <tr key={grant.id}>
            <td>
              <Principal principal={grant.principal} />
            </td>
            <td>
              {grant.effect === 'deny' ? (
                <span className={styles.removed}>not {grant.role}</span>
              ) : (
                grant.role
              )}
            </td>
            <td>
              {grant.scope === scope ? (
                placeOf(grant.scope)
              ) : (
                <Link
                  href={`${base}/access?${new URLSearchParams({
                    scope: grant.scope,
                  })}`}
                >
                  {placeOf(grant.scope)}
                </Link>
              )}
            </td>
            <td>{grant.expiresAt && <Age time={grant.expiresAt} />}</td>
            <td>
              <Age time={grant.createdAt} />
              {' by '}
              <Principal principal={grant.createdBy} />
            </td>
            <td className={styles.message}>{grant.reason}</td>
            <td>
              {grant.scope === scope && grantable.includes(grant.role) && (
                <Button
                  size="small"
                  variant="secondary"
                  isDisabled={ended.loading}
                  aria-label={`End ${grant.role} of ${grant.principal}`}
                  onPress={() => end(grant.id)}
                >
                  End
                </Button>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
