import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
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
  ServiceAccount,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { Fragment, useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { assetsRouteRef } from '../routes';
import { ServiceFederations } from './ServiceFederations';
import { ServiceTokens } from './ServiceTokens';
import { Table } from './Table';
import styles from './table.module.css';

/** The accounts of pipelines and CI jobs that the person looks after. */
export function ServiceAccountsPage() {
  const client = useApi(assetManagerApiRef);
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const [shown, setShown] = useState<string>();
  const {
    value: accounts,
    error,
    retry,
  } = useAsyncRetry(() => client.access.listServiceAccounts(), [client]);
  return (
    <>
      <Header
        title="Service accounts"
        breadcrumbs={[{ label: 'Assets', href: base }]}
      />
      <Container>
        <Flex direction="column" gap="5" py="4">
          <Text color="secondary">
            Accounts of pipelines and CI jobs. An account may do what grants
            give it, and nothing else; what it creates belongs to the group that
            looks after it.
          </Text>
          {error && <Problem error={error} retry={retry} />}
          {!error && !accounts && <Skeleton width="100%" height={120} />}
          {accounts?.length === 0 && (
            <Text>Your groups have no service account yet.</Text>
          )}
          {accounts && accounts.length > 0 && (
            <AccountTable
              accounts={accounts}
              shown={shown}
              onShow={setShown}
              onChanged={retry}
            />
          )}
          {shown !== undefined && (
            <Fragment key={shown}>
              <ServiceTokens account={shown} />
              <ServiceFederations account={shown} />
            </Fragment>
          )}
          <NewAccount
            onCreated={name => {
              setShown(name);
              retry();
            }}
          />
        </Flex>
      </Container>
    </>
  );
}

function AccountTable(props: {
  accounts: readonly ServiceAccount[];
  shown: string | undefined;
  onShow: (name: string) => void;
  onChanged: () => void;
}) {
  const { accounts, shown, onShow, onChanged } = props;
  const client = useApi(assetManagerApiRef);
  const [switched, switchTo] = useAsyncFn(
    async (name: string, disabled: boolean) => {
      await client.access.setServiceAccountDisabled(name, disabled);
      onChanged();
    },
    [client, onChanged],
  );
  return (
    <>
      {switched.error && <Problem error={switched.error} />}
      <Table
        label="Service accounts"
        heads={['Name', 'Looked after by', 'Created', 'State', 'Description']}
        actions
      >
        {accounts.map(account => (
          <tr
            key={account.name}
            className={account.name === shown ? styles.shown : undefined}
          >
            <td>{account.name}</td>
            <td>
              <EntityRefLink entityRef={account.owner} />
            </td>
            <td>
              <Age time={account.createdAt} />
            </td>
            <td>
              {account.disabledAt ? (
                <span className={styles.removed}>disabled</span>
              ) : (
                'in use'
              )}
            </td>
            <td className={styles.message}>{account.description}</td>
            <td>
              <Flex gap="2">
                <Button
                  size="small"
                  variant="secondary"
                  aria-label={`Tokens of ${account.name}`}
                  onPress={() => onShow(account.name)}
                >
                  Tokens
                </Button>
                <Button
                  size="small"
                  variant="tertiary"
                  isDisabled={switched.loading}
                  aria-label={`${account.disabledAt ? 'Enable' : 'Disable'} ${
                    account.name
                  }`}
                  onPress={() =>
                    switchTo(account.name, account.disabledAt === undefined)
                  }
                >
                  {account.disabledAt ? 'Enable' : 'Disable'}
                </Button>
              </Flex>
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function NewAccount({ onCreated }: { onCreated: (name: string) => void }) {
  const client = useApi(assetManagerApiRef);
  const { value: me } = useAsync(() => client.whoami(), [client]);
  const groups =
    me?.ownershipEntityRefs.filter(ref => ref.startsWith('group:')) ?? [];
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [chosen, setChosen] = useState<string>();
  const owner = chosen ?? groups[0];
  const problem = name === '' ? undefined : namespaceProblem(name);
  const [created, create] = useAsyncFn(async () => {
    await client.access.createServiceAccount({
      name,
      owner,
      description: description || undefined,
    });
    setName('');
    setDescription('');
    onCreated(name);
  }, [client, name, owner, description, onCreated]);
  return (
    <Flex direction="column" gap="2">
      <Text as="h2" variant="title-x-small">
        New service account
      </Text>
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <TextField label="Name" value={name} onChange={setName} />
        {groups.length > 1 && (
          <Select
            label="Looked after by"
            options={groups.map(ref => ({
              id: ref,
              label: ref.replace(/^group:(default\/)?/, ''),
            }))}
            value={owner}
            onChange={value => setChosen(String(value))}
          />
        )}
        <TextField
          label="Description"
          value={description}
          onChange={setDescription}
        />
        <Button
          isDisabled={name === '' || problem !== undefined || created.loading}
          onPress={create}
        >
          Create
        </Button>
      </Flex>
      {problem && <Text color="danger">{problem}</Text>}
      {created.error && <Problem error={created.error} />}
    </Flex>
  );
}
