import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Container, Flex, Header, Link, Skeleton, Text } from '@backstage/ui';
import type { AssetType } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { assetsRouteRef } from '../routes';
import { Table } from './Table';
import styles from './table.module.css';
import { TypeRules } from './TypeRules';
import { TypeIcon } from './TypeIcon';

const SOURCES: Record<AssetType['source'], string> = {
  shipped: 'shipped',
  configuration: 'the configuration',
  people: 'people here',
};

/** The asset types of this installation, and the rules of each. */
export function TypesPage() {
  const client = useApi(assetManagerApiRef);
  const base = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const [search] = useSearchParams();
  const shown = search.get('type');
  const {
    value: types,
    error,
    retry,
  } = useAsyncRetry(() => client.types.list(), [client]);
  return (
    <>
      <Header
        title={shown ?? 'Asset types'}
        breadcrumbs={[
          { label: 'Assets', href: base },
          ...(shown ? [{ label: 'Asset types', href: `${base}/types` }] : []),
        ]}
      />
      <Container>
        <Flex direction="column" gap="5" py="4">
          {shown === null ? (
            <>
              <Text color="secondary">
                An asset type carries the rules for all of its assets: the
                stages of their versions, what their metadata has to be, who
                sees a new one.
              </Text>
              {error && <Problem error={error} retry={retry} />}
              {!error && !types && <Skeleton width="100%" height={200} />}
              {types && <TypeTable types={types} base={base} />}
            </>
          ) : (
            <TypeRules key={shown} name={shown} onApplied={retry} />
          )}
        </Flex>
      </Container>
    </>
  );
}

function TypeTable({
  types,
  base,
}: {
  types: readonly AssetType[];
  base: string;
}) {
  return (
    <Table
      label="Asset types"
      heads={['Type', 'Stages', 'Revision', 'Says who', 'Changed']}
    >
      {types.map(type => (
        <tr key={type.name}>
          <td>
            <Flex gap="2" align="center">
              <TypeIcon type={type.name} />
              <div>
                <Link
                  href={`${base}/types?${new URLSearchParams({
                    type: type.name,
                  })}`}
                >
                  {type.title}
                </Link>
                <Text as="p" color="secondary" variant="body-small">
                  {type.description}
                </Text>
              </div>
            </Flex>
          </td>
          <td className={styles.message}>
            {type.spec.stages.map(stage => stage.name).join(' → ')}
          </td>
          <td className={styles.number}>{type.revision}</td>
          <td>{SOURCES[type.source]}</td>
          <td>
            <Age time={type.createdAt} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
