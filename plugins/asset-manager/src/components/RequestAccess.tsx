import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Select, Text, TextField } from '@backstage/ui';
import type { AssetName } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';

const ROLES = [
  { id: 'reader', label: 'to read it' },
  { id: 'contributor', label: 'to push versions' },
];

/** Asks for access to what may or may not be there: nobody is told which. */
export function RequestAccess({ name }: { name: AssetName }) {
  const client = useApi(assetManagerApiRef);
  const [role, setRole] = useState('reader');
  const [reason, setReason] = useState('');
  const [asked, ask] = useAsyncFn(
    () =>
      client.access.createRequest({
        namespace: name.namespace,
        name: name.name,
        role: role as 'reader' | 'contributor',
        reason,
      }),
    [client, name.namespace, name.name, role, reason],
  );
  if (asked.value) {
    return (
      <Text>
        Your request is on its way. If there is such an asset, those who may
        give access to it see it for 30 days.
      </Text>
    );
  }
  return (
    <Flex direction="column" gap="2">
      <Text>
        If you were told of an asset of this name, you can ask for access.
      </Text>
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <Select
          label="What for"
          options={ROLES}
          value={role}
          onChange={value => setRole(String(value))}
        />
        <TextField label="Reason" value={reason} onChange={setReason} />
        <Button
          isDisabled={reason.trim() === '' || asked.loading}
          onPress={ask}
        >
          Ask for access
        </Button>
      </Flex>
      {asked.error && <Problem error={asked.error} />}
    </Flex>
  );
}
