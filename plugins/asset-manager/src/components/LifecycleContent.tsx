import { useApi } from '@backstage/frontend-plugin-api';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { Flex, Link, Skeleton, Text } from '@backstage/ui';
import {
  AssetType,
  AssetVersion,
  StageMove,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { addressOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { MoveStage } from './MoveStage';
import { Table } from './Table';
import styles from './table.module.css';

/** Versions whose stage is shown. */
const SHOWN = 200;

/** The stages of the asset's type, where its versions stand, and how they got there. */
export function LifecycleContent({ asset, base, reload }: AssetScopeValue) {
  const client = useApi(assetManagerApiRef);
  const { value, error, retry } = useAsyncRetry(async () => {
    const [type, { items: versions }, moves] = await Promise.all([
      client.types.get(asset.type),
      client.listVersions(asset, { limit: SHOWN }),
      client.lifecycle.listMoves({
        namespace: asset.namespace,
        name: asset.name,
      }),
    ]);
    return { type, versions, moves };
  }, [client, asset]);
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={240} />;
  const { type, versions, moves } = value;
  return (
    <Flex direction="column" gap="5">
      <StageTable
        type={type}
        versions={versions}
        base={base}
        render={version => (
          <MoveStage
            asset={asset}
            version={version}
            onMoved={() => {
              reload();
              retry();
            }}
          />
        )}
      />
      <Flex direction="column" gap="2">
        <Text as="h2" variant="title-x-small">
          How they moved
        </Text>
        {moves.length === 0 ? (
          <Text color="secondary">Nothing was moved yet.</Text>
        ) : (
          <MoveTable moves={moves} />
        )}
      </Flex>
    </Flex>
  );
}

function StageTable(props: {
  type: AssetType;
  versions: readonly AssetVersion[];
  base: string;
  render: (version: AssetVersion) => React.ReactNode;
}) {
  const { type, versions, base, render } = props;
  const standing = versions.filter(version => !version.deletion);
  return (
    <Table label="Stages" heads={['Stage', 'Versions', 'Leads to']}>
      {type.spec.stages.map(stage => (
        <tr key={stage.name}>
          <td>
            <Text as="p">{stage.title ?? stage.name}</Text>
            <Text as="p" color="secondary" variant="body-small">
              {stage.description}
            </Text>
          </td>
          <td>
            {standing
              .filter(version => version.stage === stage.name)
              .map(version => (
                <Flex key={version.digest} align="center" gap="1">
                  <Link
                    href={addressOf(base, 'files', {
                      version: version.label,
                    })}
                  >
                    {version.label}
                  </Link>
                  {render(version)}
                </Flex>
              ))}
          </td>
          <td className={styles.message}>
            {type.spec.transitions
              ?.filter(({ from }) => from.includes(stage.name))
              .map(({ to }) => to)
              .join(', ')}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function MoveTable({ moves }: { moves: readonly StageMove[] }) {
  return (
    <Table
      label="Moves"
      heads={['Version', 'Moved', 'When', 'By', 'Rules', 'Reason']}
    >
      {moves.map(move => (
        <tr key={`${move.label} ${move.at} ${move.to}`}>
          <td>{move.label}</td>
          <td>{`${move.from} → ${move.to}`}</td>
          <td>
            <Age time={move.at} />
          </td>
          <td>
            {move.by.startsWith('user:') ? (
              <EntityRefLink entityRef={move.by} />
            ) : (
              move.by
            )}
          </td>
          <td>{`${move.type}, revision ${move.typeRevision}`}</td>
          <td className={styles.message}>{move.reason}</td>
        </tr>
      ))}
    </Table>
  );
}
