import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Text } from '@backstage/ui';
import type { AssetTypeDraft } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import { Simulated } from './Simulated';
import { Snippet } from './Snippet';
import { Who } from './Who';

/** What the type may say next, to be looked at, published or given up. */
export function DraftBand(props: {
  draft: AssetTypeDraft;
  onEnded: () => void;
}) {
  const { draft, onEnded } = props;
  const client = useApi(assetManagerApiRef);
  const [isOpen, setOpen] = useState(false);
  const [simulated, simulate] = useAsyncFn(
    () => client.types.simulate(draft.document),
    [client, draft],
  );
  const [published, publish] = useAsyncFn(async () => {
    await client.types.publishDraft(draft.name, { digest: draft.digest });
    onEnded();
  }, [client, draft, onEnded]);
  const [discarded, discard] = useAsyncFn(async () => {
    await client.types.discardDraft(draft.name);
    onEnded();
  }, [client, draft, onEnded]);
  const look = () => {
    setOpen(!isOpen);
    if (!isOpen) simulate();
  };
  const error = published.error ?? discarded.error ?? simulated.error;
  return (
    <Flex direction="column" gap="2" role="region" aria-label="Draft">
      <Text as="h2" variant="title-x-small">
        Draft
      </Text>
      <Text>
        <Who entityRef={draft.createdBy} /> wrote other rules{' '}
        <Age time={draft.createdAt} />
        {draft.reason && `: ${draft.reason}`}
      </Text>
      {draft.refusal && <Text color="secondary">{draft.refusal}</Text>}
      {isOpen && <Snippet text={draft.document} />}
      {isOpen && simulated.value && <Simulated found={simulated.value} />}
      {error && <Problem error={error} />}
      <Flex gap="3" style={{ flexWrap: 'wrap' }}>
        <Button variant="secondary" onPress={look}>
          {isOpen ? 'Close' : 'Look at it'}
        </Button>
        <Button
          isDisabled={
            draft.refusal !== undefined || !isOpen || published.loading
          }
          onPress={publish}
        >
          Publish
        </Button>
        <Button
          variant="tertiary"
          isDisabled={discarded.loading}
          onPress={discard}
        >
          Give it up
        </Button>
      </Flex>
    </Flex>
  );
}
