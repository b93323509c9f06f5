import { useApi } from '@backstage/frontend-plugin-api';
import { Flex, Link, Skeleton, Text } from '@backstage/ui';
import {
  AssetType,
  AssetVersion,
  StageMove,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { addressOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { Decisions, Gates } from './Gates';
import { MoveStage } from './MoveStage';
import { RequestCard } from './RequestCard';
import { StageMap } from './StageMap';
import { Table } from './Table';
import styles from './table.module.css';
import { Who } from './Who';

/** Versions whose stage is shown. */
const SHOWN = 200;

/** The stages of the asset's type, where its versions stand, and how they got there. */
export function LifecycleContent(props: AssetScopeValue) {
  const { asset, version: looked, base, reload } = props;
  const client = useApi(assetManagerApiRef);
  const { value, error, retry } = useAsyncRetry(async () => {
    const [type, { items: versions }, moves, requests] = await Promise.all([
      client.types.get(asset.type),
      client.listVersions(asset, { limit: SHOWN }),
      client.lifecycle.listMoves({
        namespace: asset.namespace,
        name: asset.name,
      }),
      client.lifecycle.listRequests(asset),
    ]);
    return { type, versions, moves, requests };
  }, [client, asset]);
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={240} />;
  const { type, versions, moves, requests } = value;
  const refresh = () => {
    reload();
    retry();
  };
  const open = requests.filter(({ state }) => state === 'open');
  const ended = requests.filter(({ state }) =>
    ['rejected', 'withdrawn'].includes(state),
  );
  return (
    <Flex direction="column" gap="5">
      <StageMap
        type={type}
        versions={versions.filter(each => !each.deletion)}
        here={looked.stage}
      />
      <StageTable
        type={type}
        versions={versions}
        base={base}
        render={version => (
          <MoveStage asset={asset} version={version} onMoved={refresh} />
        )}
      />
      {open.length > 0 && (
        <Flex direction="column" gap="3">
          <Text as="h2" variant="title-x-small">
            Asked for
          </Text>
          {open.map(request => (
            <RequestCard
              key={request.id}
              request={request}
              base={base}
              onDecided={refresh}
            />
          ))}
        </Flex>
      )}
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
      {ended.length > 0 && (
        <Flex direction="column" gap="2">
          <Text as="h2" variant="title-x-small">
            Rejected and withdrawn
          </Text>
          <EndedTable requests={ended} />
        </Flex>
      )}
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

function summaryOf({ gates = [], decisions = [] }: StageMove): string {
  const passed = gates.filter(({ state }) => state === 'passed').length;
  const waived = decisions.filter(
    ({ decision }) => decision === 'waive',
  ).length;
  return `${passed} of ${gates.length} gates passed${
    waived > 0 ? `, ${waived} waived` : ''
  }`;
}

/** Requests that came to nothing, with who said why. */
function EndedTable({ requests }: { requests: readonly TransitionRequest[] }) {
  return (
    <Table
      label="Rejected and withdrawn"
      heads={['Version', 'Was to move', 'Asked by', 'Ended', 'By', 'Why']}
    >
      {requests.map(request => (
        <tr key={request.id}>
          <td>{request.label}</td>
          <td>{`${request.from} → ${request.to}`}</td>
          <td>
            <Who entityRef={request.requestedBy} />
          </td>
          <td>
            {`${request.state} `}
            {request.endedAt && <Age time={request.endedAt} />}
          </td>
          <td>{request.endedBy && <Who entityRef={request.endedBy} />}</td>
          <td className={styles.message}>
            {
              request.decisions.find(each => each.decision === 'reject')
                ?.comment
            }
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
            <Who entityRef={move.by} />
          </td>
          <td>{`${move.type}, revision ${move.typeRevision}`}</td>
          <td className={styles.message}>
            {move.reason}
            {move.gates && (
              <details>
                <summary>{summaryOf(move)}</summary>
                <Gates gates={move.gates} />
                <Decisions decisions={move.decisions ?? []} />
              </details>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
