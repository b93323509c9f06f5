import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Select, Skeleton, Text, TextField } from '@backstage/ui';
import type { Federation } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { Table } from './Table';
import styles from './table.module.css';

interface ClaimRule {
  claim: string;
  pattern: string;
}

const EMPTY: ClaimRule = { claim: '', pattern: '' };

/** Whose signed tokens stand for an account, so that nobody keeps a secret. */
export function ServiceFederations({ account }: { account: string }) {
  const client = useApi(assetManagerApiRef);
  const {
    value: federations,
    error,
    retry,
  } = useAsyncRetry(
    () => client.access.listFederations(account),
    [client, account],
  );
  const { value: settings, error: settingsError } = useAsync(
    () => client.access.getFederationSettings(),
    [client],
  );
  const failed = error ?? settingsError;
  if (failed) return <Problem error={failed} retry={retry} />;
  if (!federations || !settings) return <Skeleton width="100%" height={80} />;
  return (
    <Flex direction="column" gap="3">
      <Text as="h2" variant="title-x-small">
        {`CI jobs that are ${account}`}
      </Text>
      <Text color="secondary">
        A job shows the token that its CI system signs for it, and nobody keeps
        a secret. It is the account when each claim is what is said here.
      </Text>
      {federations.length > 0 && (
        <FederationTable
          account={account}
          federations={federations}
          onChanged={retry}
        />
      )}
      {settings.issuers.length > 0 ? (
        <NewFederation
          account={account}
          issuers={settings.issuers}
          audience={settings.audience}
          onCreated={retry}
        />
      ) : (
        <Text color="secondary">
          This portal trusts no issuer yet: an operator names them in its
          configuration, under assetManager.federation.issuers.
        </Text>
      )}
    </Flex>
  );
}

function FederationTable(props: {
  account: string;
  federations: readonly Federation[];
  onChanged: () => void;
}) {
  const { account, federations, onChanged } = props;
  const client = useApi(assetManagerApiRef);
  const [ended, end] = useAsyncFn(
    async (id: string) => {
      await client.access.revokeFederation(account, id);
      onChanged();
    },
    [client, account, onChanged],
  );
  return (
    <>
      {ended.error && <Problem error={ended.error} />}
      <Table
        label={`CI jobs of ${account}`}
        heads={['Issuer', 'Claims', 'Created', 'Last used']}
        actions
      >
        {federations.map(federation => (
          <tr key={federation.id}>
            <td>{federation.issuer}</td>
            <td className={styles.message}>
              {Object.entries(federation.claims).map(([claim, pattern]) => (
                <div key={claim}>
                  <code>{`${claim} = ${pattern}`}</code>
                </div>
              ))}
            </td>
            <td>
              <Age time={federation.createdAt} />
            </td>
            <td>
              {federation.lastUsedAt ? (
                <Age time={federation.lastUsedAt} />
              ) : (
                'never'
              )}
            </td>
            <td>
              <Button
                size="small"
                variant="secondary"
                isDisabled={ended.loading}
                aria-label={`End ${federation.id}`}
                onPress={() => end(federation.id)}
              >
                End
              </Button>
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function NewFederation(props: {
  account: string;
  issuers: readonly string[];
  audience: string;
  onCreated: () => void;
}) {
  const { account, issuers, audience, onCreated } = props;
  const client = useApi(assetManagerApiRef);
  const [issuer, setIssuer] = useState(issuers[0]);
  const [rules, setRules] = useState<ClaimRule[]>([EMPTY]);
  const change = (index: number, part: Partial<ClaimRule>) =>
    setRules(before =>
      before.map((rule, at) => (at === index ? { ...rule, ...part } : rule)),
    );
  const isComplete = rules.every(
    ({ claim, pattern }) => claim.trim() !== '' && pattern !== '',
  );
  const [created, create] = useAsyncFn(async () => {
    await client.access.createFederation(account, {
      issuer,
      claims: Object.fromEntries(
        rules.map(({ claim, pattern }) => [claim.trim(), pattern]),
      ),
    });
    setRules([EMPTY]);
    onCreated();
  }, [client, account, issuer, rules, onCreated]);
  return (
    <Flex direction="column" gap="3">
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <Select
          label="Issuer"
          options={issuers.map(each => ({ id: each, label: each }))}
          value={issuer}
          onChange={value => setIssuer(String(value))}
        />
        <Text color="secondary">{`Its tokens have to name the audience ${audience}.`}</Text>
      </Flex>
      {rules.map((rule, index) => (
        <Flex key={index} gap="3" align="end" style={{ flexWrap: 'wrap' }}>
          <TextField
            label="Claim"
            placeholder="repository"
            value={rule.claim}
            onChange={claim => change(index, { claim })}
          />
          <TextField
            label="Has to be (* for any text)"
            placeholder="acme/models"
            value={rule.pattern}
            onChange={pattern => change(index, { pattern })}
          />
          {rules.length > 1 && (
            <Button
              variant="tertiary"
              aria-label={`Remove the claim ${rule.claim || index + 1}`}
              onPress={() =>
                setRules(before => before.filter((_, at) => at !== index))
              }
            >
              Remove
            </Button>
          )}
        </Flex>
      ))}
      <Flex gap="3">
        <Button
          variant="secondary"
          onPress={() => setRules(before => [...before, EMPTY])}
        >
          Another claim
        </Button>
        <Button isDisabled={!isComplete || created.loading} onPress={create}>
          Trust these jobs
        </Button>
      </Flex>
      {created.error && <Problem error={created.error} />}
    </Flex>
  );
}
