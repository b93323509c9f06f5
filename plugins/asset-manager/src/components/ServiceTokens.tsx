import { useApi } from '@backstage/frontend-plugin-api';
import {
  Alert,
  Button,
  Flex,
  Select,
  Skeleton,
  Text,
  TextField,
} from '@backstage/ui';
import type {
  CreateServiceTokenRequest,
  ServiceToken,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { Snippet } from './Snippet';
import { Table } from './Table';
import styles from './table.module.css';

const DAY_MS = 86_400_000;
/** A token that another one takes the place of is still good for a day. Seconds. */
const OVERLAP_S = 86_400;
const PERIODS = [
  { id: '30', label: 'for 30 days' },
  { id: '90', label: 'for 90 days' },
  { id: '365', label: 'for a year' },
];

function stateOf(token: ServiceToken): string {
  if (token.revokedAt) return 'revoked';
  return token.expiresAt <= new Date().toISOString() ? 'ended' : 'in force';
}

/** The tokens of an account; a new one is shown once. */
export function ServiceTokens({ account }: { account: string }) {
  const client = useApi(assetManagerApiRef);
  const [days, setDays] = useState('90');
  const [description, setDescription] = useState('');
  const {
    value: tokens,
    error,
    retry,
  } = useAsyncRetry(
    () => client.access.listServiceTokens(account),
    [client, account],
  );
  const [made, make] = useAsyncFn(
    async (request: CreateServiceTokenRequest) => {
      const created = await client.access.createServiceToken(account, {
        expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
        ...request,
      });
      setDescription('');
      retry();
      return created.token;
    },
    [client, account, days, retry],
  );
  const [revoked, revoke] = useAsyncFn(
    async (id: string) => {
      await client.access.revokeServiceToken(account, id);
      retry();
    },
    [client, account, retry],
  );
  if (error) return <Problem error={error} retry={retry} />;
  if (!tokens) return <Skeleton width="100%" height={120} />;
  return (
    <Flex direction="column" gap="3">
      <Text as="h2" variant="title-x-small">{`Tokens of ${account}`}</Text>
      {made.value && (
        <>
          <Alert
            status="warning"
            title="Copy it now: this token is shown once, and kept nowhere. One that it takes the place of is good for another day."
          />
          <Snippet text={made.value} />
        </>
      )}
      {made.error && <Problem error={made.error} />}
      {revoked.error && <Problem error={revoked.error} />}
      {tokens.length > 0 ? (
        <Table
          label={`Tokens of ${account}`}
          heads={['Description', 'Created', 'Ends', 'Last used', 'State']}
          actions
        >
          {tokens.map(token => (
            <tr key={token.id}>
              <td className={styles.message}>
                {token.description ?? token.id}
              </td>
              <td>
                <Age time={token.createdAt} />
              </td>
              <td>
                <Age time={token.expiresAt} />
              </td>
              <td>
                {token.lastUsedAt ? <Age time={token.lastUsedAt} /> : 'never'}
              </td>
              <td>{stateOf(token)}</td>
              <td>
                {stateOf(token) === 'in force' && (
                  <Flex gap="2">
                    <Button
                      size="small"
                      variant="secondary"
                      isDisabled={made.loading}
                      aria-label={`Rotate ${token.description ?? token.id}`}
                      onPress={() =>
                        make({
                          replaces: { id: token.id, overlap: OVERLAP_S },
                        })
                      }
                    >
                      Rotate
                    </Button>
                    <Button
                      size="small"
                      variant="tertiary"
                      isDisabled={revoked.loading}
                      aria-label={`Revoke ${token.description ?? token.id}`}
                      onPress={() => revoke(token.id)}
                    >
                      Revoke
                    </Button>
                  </Flex>
                )}
              </td>
            </tr>
          ))}
        </Table>
      ) : (
        <Text color="secondary">It has no token yet.</Text>
      )}
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <TextField
          label="Where it is used"
          value={description}
          onChange={setDescription}
        />
        <Select
          label="How long"
          options={PERIODS}
          value={days}
          onChange={value => setDays(String(value))}
        />
        <Button
          isDisabled={made.loading}
          onPress={() => make({ description: description || undefined })}
        >
          New token
        </Button>
      </Flex>
    </Flex>
  );
}
