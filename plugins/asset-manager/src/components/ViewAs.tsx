import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Button, Flex, Text } from '@backstage/ui';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import { assetsRouteRef } from '../routes';
import { viewAs } from '../viewAs';
import { PrincipalPicker } from './PrincipalPicker';

/** Lets an administrator look at the assets with the eyes of somebody else; hidden from others. */
export function ViewAs() {
  const client = useApi(assetManagerApiRef);
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const { value: me } = useAsync(() => client.whoami(), [client]);
  const [principal, setPrincipal] = useState<string | null>(null);
  if (!me?.administrator) return null;
  return (
    <Flex direction="column" gap="2">
      <Text as="h2" variant="title-x-small">
        View as
      </Text>
      <Text color="secondary">
        Shows the assets as somebody else sees them, in this tab of the browser
        and until you stop. What the portal&apos;s own permission policy would
        say to them is left out.
      </Text>
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <PrincipalPicker label="Whose eyes" onChange={setPrincipal} />
        <Button
          variant="secondary"
          isDisabled={principal === null}
          onPress={() => principal !== null && viewAs(principal, base)}
        >
          View as
        </Button>
      </Flex>
    </Flex>
  );
}
