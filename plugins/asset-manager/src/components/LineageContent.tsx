import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Flex, Link, Select, Skeleton, Text } from '@backstage/ui';
import {
  Lineage,
  LineageDirection,
  LineageVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useNavigate, useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { assetsRouteRef } from '../routes';
import { addressOf, AssetView, nameOf, viewOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { Band } from './Band';
import { Graph } from './Graph';
import { RunPanel } from './RunPanel';
import { Snippet } from './Snippet';
import { Table } from './Table';
import { Who } from './Who';

const SIDES = [
  { id: 'both', label: 'Both ways' },
  { id: 'upstream', label: 'What it was made of' },
  { id: 'downstream', label: 'What was made of it' },
];
const DEPTHS = ['1', '2', '5', '10', '20'];
const PRESET_DEPTH = '5';

/** What the version was made of, and what was made of it, as a graph and as a table. */
export function LineageContent({ asset, version, base }: AssetScopeValue) {
  const client = useApi(assetManagerApiRef);
  const navigate = useNavigate();
  const assetsPath = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  const [search] = useSearchParams();
  const view = viewOf(search);
  const { direction, depth = PRESET_DEPTH, run: shownRun } = view;
  const show = (more: AssetView) =>
    navigate(addressOf(base, 'lineage', { ...view, ...more }));
  const { value, error, retry } = useAsyncRetry(
    () =>
      client.lineage.explore(
        {
          namespace: asset.namespace,
          name: asset.name,
          selector: version.digest,
        },
        {
          direction: direction as LineageDirection | undefined,
          depth: Number(depth),
        },
      ),
    [client, asset, version, direction, depth],
  );
  const addressOfVersion = (each: LineageVersion) =>
    addressOf(`${assetsPath}/${each.namespace}/${each.name}`, 'lineage', {
      version: each.label,
    });
  const addressOfRun = (id: string) =>
    addressOf(base, 'lineage', { ...view, run: id });
  return (
    <Flex direction="column" gap="4">
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <Select
          label="Show"
          options={SIDES}
          value={direction ?? 'both'}
          onChange={side =>
            show({ direction: side === 'both' ? undefined : String(side) })
          }
        />
        <Select
          label="How far"
          options={DEPTHS.map(id => ({
            id,
            label: id === '1' ? '1 run' : `${id} runs`,
          }))}
          value={depth}
          onChange={each => show({ depth: String(each) })}
        />
      </Flex>
      {error && <Problem error={error} retry={retry} />}
      {!value && !error && <Skeleton width="100%" height={240} />}
      {value && value.edges.length === 0 && (
        <NothingRecorded name={nameOf(asset)} direction={direction} />
      )}
      {value && value.edges.length > 0 && (
        <>
          {value.truncated && <Band text="There is more than this shows." />}
          <Graph
            label={`Lineage of ${nameOf(asset)}@${version.label}`}
            nodes={nodesOf(value, {
              addressOfVersion,
              addressOfRun,
              shownRun,
            })}
            edges={value.edges.map(edge =>
              edge.direction === 'input'
                ? { from: edge.version, to: edge.run }
                : { from: edge.run, to: edge.version },
            )}
          />
          {shownRun && (
            <RunPanel id={shownRun} onClose={() => show({ run: undefined })} />
          )}
          <RunTable
            lineage={value}
            addressOfVersion={addressOfVersion}
            addressOfRun={addressOfRun}
          />
        </>
      )}
    </Flex>
  );
}

function NothingRecorded(props: { name: string; direction?: string }) {
  const { name, direction } = props;
  if (direction === 'downstream')
    return <Text color="secondary">Nothing was made of it yet.</Text>;
  return (
    <Flex direction="column" gap="2">
      <Text color="secondary">
        {direction === 'upstream'
          ? 'Nobody has said what it was made of.'
          : 'Nobody has said what it was made of, and nothing was made of it yet.'}
      </Text>
      <Snippet
        title="Say so with the next push"
        text={`asset push ./folder ${name} --input data/reads@12`}
      />
    </Flex>
  );
}

function nodesOf(
  { root, versions, runs }: Lineage,
  options: {
    addressOfVersion: (version: LineageVersion) => string;
    addressOfRun: (id: string) => string;
    shownRun?: string;
  },
) {
  return [
    ...versions.map(version => ({
      id: version.id,
      title: titleOf(version),
      detail: stateOf(version),
      warning: version.retracted || version.deleted,
      here: version.id === root,
      href: version.id === root ? undefined : options.addressOfVersion(version),
    })),
    ...runs.map(run => ({
      id: run.id,
      title: run.job ?? 'a run',
      detail: [(run.endedAt ?? run.recordedAt).slice(0, 10), run.state].join(
        ' · ',
      ),
      warning: run.state === 'failed',
      round: true,
      here: run.id === options.shownRun,
      href: options.addressOfRun(run.id),
    })),
  ];
}

function titleOf(version: LineageVersion): string {
  return `${nameOf(version)}@${version.label}`;
}

function stateOf({ type, stage, retracted, deleted }: LineageVersion): string {
  return [type, stage, retracted && 'retracted', deleted && 'deleted']
    .filter(Boolean)
    .join(' · ');
}

/** The same for those who would rather read. */
function RunTable(props: {
  lineage: Lineage;
  addressOfVersion: (version: LineageVersion) => string;
  addressOfRun: (id: string) => string;
}) {
  const { lineage, addressOfVersion, addressOfRun } = props;
  const byId = new Map(lineage.versions.map(each => [each.id, each]));
  const listed = (run: string, direction: 'input' | 'output') =>
    lineage.edges
      .filter(edge => edge.run === run && edge.direction === direction)
      .map(edge => {
        const version = byId.get(edge.version)!;
        return (
          <Text as="p" key={`${edge.version} ${edge.role}`}>
            <Link href={addressOfVersion(version)}>{titleOf(version)}</Link>
            {` ${[edge.role, stateOf(version), edge.confidence]
              .filter(Boolean)
              .join(' · ')}`}
          </Text>
        );
      });
  return (
    <Table label="Runs" heads={['Read', 'Run', 'When', 'By', 'Made']}>
      {lineage.runs.map(run => (
        <tr key={run.id}>
          <td>{listed(run.id, 'input')}</td>
          <td>
            <Link href={addressOfRun(run.id)}>{run.job ?? 'a run'}</Link>
            {run.state === 'failed' && ' failed'}
          </td>
          <td>
            <Age time={run.endedAt ?? run.recordedAt} />
          </td>
          <td>
            <Who entityRef={run.onBehalfOf ?? run.recordedBy} />
          </td>
          <td>{listed(run.id, 'output')}</td>
        </tr>
      ))}
    </Table>
  );
}
