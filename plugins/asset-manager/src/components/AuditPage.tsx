import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Button, Container, Flex, Header, Text } from '@backstage/ui';
import type { AuditVerification } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import { assetsRouteRef } from '../routes';
import { ActivityTable } from './ActivityTable';
import { saveText } from './saveText';

/** The audit trail of the whole installation, for auditors. */
export function AuditPage() {
  const client = useApi(assetManagerApiRef);
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const [verified, verify] = useAsyncFn(() => client.audit.verify(), [client]);
  const [signed, sign] = useAsyncFn(async () => {
    const checkpoint = await client.audit.checkpoint();
    saveText(
      'audit-checkpoint.json',
      `${JSON.stringify(checkpoint, null, 2)}\n`,
      'application/json',
    );
  }, [client]);
  const error = verified.error ?? signed.error;
  return (
    <>
      <Header
        title="Audit trail"
        breadcrumbs={[{ label: 'Assets', href: base }]}
        customActions={
          <>
            <Button
              variant="secondary"
              isDisabled={signed.loading}
              onPress={sign}
            >
              Save a checkpoint
            </Button>
            <Button isDisabled={verified.loading} onPress={verify}>
              Verify
            </Button>
          </>
        }
      />
      <Container>
        <Flex direction="column" gap="4" py="4">
          {error && <Problem error={error} />}
          {verified.value && <Verified found={verified.value} />}
          <ActivityTable />
        </Flex>
      </Container>
    </>
  );
}

function Verified({ found }: { found: AuditVerification }) {
  const { intact, sealed, unsealed, checkpoints, findings } = found;
  return (
    <div role="status">
      <Text as="p" color={intact ? 'success' : 'danger'}>
        {`${
          intact ? 'Intact' : 'Not intact'
        }: ${sealed} events in the chain, ${unsealed} not sealed yet, ${checkpoints} signatures.`}
      </Text>
      {findings.map(({ sequence, message }) => (
        <Text as="p" key={`${sequence} ${message}`}>
          {sequence === undefined ? message : `${sequence}: ${message}`}
        </Text>
      ))}
    </div>
  );
}
