import { useApi } from '@backstage/frontend-plugin-api';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { Flex, Skeleton, Text } from '@backstage/ui';
import {
  Asset,
  formatScope,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { AccessRequests } from './AccessRequests';
import { Explain } from './Explain';
import { GrantForm } from './GrantForm';
import { GrantTable } from './GrantTable';
import { PrincipalPicker } from './PrincipalPicker';

const SEEN_BY: Record<Visibility, string> = {
  public: 'Everybody who is signed in sees it, and every service account.',
  internal: 'Everybody who is signed in sees it; services need a grant.',
  restricted: 'Nobody else sees it, unless a grant says so.',
};

/** Who has access to an asset and why, and the ways to give and end it. */
export function AccessContent(props: { asset: Asset; reload: () => void }) {
  const { asset, reload } = props;
  return (
    <Flex direction="column" gap="5">
      <Text>
        <EntityRefLink entityRef={asset.owner} />
        {` owns and maintains it. ${SEEN_BY[asset.visibility]}`}
      </Text>
      {asset.may.includes('asset.grant') ? (
        <Grants asset={asset} reload={reload} />
      ) : (
        <Flex direction="column" gap="2">
          <Text as="h2" variant="title-x-small">
            What you may do
          </Text>
          <Explain asset={asset} />
          <Text color="secondary">
            Who else has access is shown to those who may give it.
          </Text>
        </Flex>
      )}
    </Flex>
  );
}

function Grants(props: { asset: Asset; reload: () => void }) {
  const { asset, reload } = props;
  const client = useApi(assetManagerApiRef);
  const [asked, setAsked] = useState<string | null>(null);
  const {
    value: access,
    error,
    retry,
  } = useAsyncRetry(() => client.access.ofAsset(asset), [client, asset]);
  if (error) return <Problem error={error} retry={retry} />;
  if (!access) return <Skeleton width="100%" height={200} />;
  const scope = formatScope({
    kind: 'asset',
    namespace: asset.namespace,
    name: asset.name,
  });
  const changed = () => {
    retry();
    // What the person may do may be another by now.
    reload();
  };
  return (
    <>
      <AccessRequests asset={asset} onDecided={changed} />
      <Flex direction="column" gap="3">
        <Text as="h2" variant="title-x-small">
          Grants
        </Text>
        <GrantTable
          scope={scope}
          grants={access.grants}
          grantable={access.grantable}
          onEnded={changed}
        />
        <GrantForm scope={scope} roles={access.grantable} onGranted={changed} />
      </Flex>
      <Flex direction="column" gap="3">
        <Text as="h2" variant="title-x-small">
          Explain
        </Text>
        <PrincipalPicker
          label="What may this person or group do here, and why?"
          onChange={setAsked}
        />
        <Explain asset={asset} principal={asked ?? undefined} />
      </Flex>
    </>
  );
}
