import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import {
  Button,
  Container,
  Flex,
  Header,
  Select,
  Skeleton,
  Text,
  TextField,
} from '@backstage/ui';
import {
  namespaceProblem,
  ROLES,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { assetsRouteRef } from '../routes';
import { GrantForm } from './GrantForm';
import { GrantTable } from './GrantTable';
import { ViewAs } from './ViewAs';

const KINDS = [
  { id: 'namespace', label: 'All of a namespace' },
  { id: 'type', label: 'All of a type' },
  { id: 'everything', label: 'Everything' },
];

/** Who has access to all of a namespace, of a type, or to everything. */
export function ScopeAccessPage() {
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const [search, setSearch] = useSearchParams();
  const scope = search.get('scope') ?? undefined;
  const [givenKind, givenName = ''] = (scope ?? 'namespace:').split(':');
  const [kind, setKind] = useState(givenKind);
  const [name, setName] = useState(givenName);
  const isNamed = kind !== 'everything';
  return (
    <>
      <Header title="Access" breadcrumbs={[{ label: 'Assets', href: base }]} />
      <Container>
        <Flex direction="column" gap="5" py="4">
          <Text color="secondary">
            Grants for more than one asset. Those of a single asset stand on its
            own tab Access.
          </Text>
          <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
            <Select
              label="Where"
              options={KINDS}
              value={kind}
              onChange={value => setKind(String(value))}
            />
            {isNamed && (
              <TextField label="Name" value={name} onChange={setName} />
            )}
            <Button
              variant="secondary"
              isDisabled={isNamed && namespaceProblem(name) !== undefined}
              onPress={() =>
                setSearch({ scope: isNamed ? `${kind}:${name}` : kind })
              }
            >
              Show
            </Button>
          </Flex>
          {scope !== undefined && <Grants key={scope} scope={scope} />}
          <ViewAs />
        </Flex>
      </Container>
    </>
  );
}

function Grants({ scope }: { scope: string }) {
  const client = useApi(assetManagerApiRef);
  const {
    value: grants,
    error,
    retry,
  } = useAsyncRetry(() => client.access.listGrants(scope), [client, scope]);
  if (error) return <Problem error={error} retry={retry} />;
  if (!grants) return <Skeleton width="100%" height={200} />;
  return (
    <>
      <GrantTable
        scope={scope}
        grants={grants}
        grantable={ROLES}
        onEnded={retry}
      />
      <GrantForm scope={scope} roles={ROLES} onGranted={retry} />
    </>
  );
}
