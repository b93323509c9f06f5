import { useApi } from '@backstage/frontend-plugin-api';
import { Alert, Flex, Link, Skeleton, Text } from '@backstage/ui';
import type {
  FileChange,
  FileChangeKind,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Bytes,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { addressOf, viewOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import styles from './table.module.css';

const SIGNS: Record<FileChangeKind, { sign: string; style: string }> = {
  added: { sign: '+ added', style: styles.added },
  removed: { sign: '− removed', style: styles.removed },
  changed: { sign: '~ changed', style: styles.changed },
  renamed: { sign: '→ renamed', style: styles.changed },
};

/** What differs between two versions. */
export function Compare(props: AssetScopeValue & { range: string }) {
  const { asset, base, range } = props;
  const client = useApi(assetManagerApiRef);
  const [search] = useSearchParams();
  const view = viewOf(search);
  const [from, to] = range.split('..');
  const { namespace, name } = asset;
  const { value, error, retry } = useAsyncRetry(
    () =>
      client.compareVersions(
        { namespace, name, selector: from },
        { namespace, name, selector: to },
      ),
    [client, namespace, name, from, to],
  );
  const back = (
    <Link href={addressOf(base, 'versions', { ...view, compare: undefined })}>
      All versions
    </Link>
  );
  if (error) {
    return (
      <Flex direction="column" gap="3">
        {back}
        <Problem error={error} retry={retry} />
      </Flex>
    );
  }
  if (!value) return <Skeleton width="100%" height={240} />;
  const { counts } = value;
  const keys = [
    ...new Set([
      ...Object.keys(value.from.metadata),
      ...Object.keys(value.to.metadata),
    ]),
  ];
  const differing = keys.filter(
    key =>
      JSON.stringify(value.from.metadata[key]) !==
      JSON.stringify(value.to.metadata[key]),
  );
  const cell = (side: FileChange['from'], label: string, path: string) =>
    side && (
      <Link href={addressOf(base, 'files', { version: label, file: path })}>
        <Bytes value={side.size} />
      </Link>
    );
  return (
    <Flex direction="column" gap="4">
      {back}
      <Text variant="title-x-small">{`Version ${value.from.label} to ${value.to.label}`}</Text>
      <Text>
        {`${counts.added} added, ${counts.removed} removed, ${counts.changed} changed, ${counts.renamed} renamed, ${counts.unchanged} the same`}
      </Text>
      {differing.length > 0 && (
        <table className={styles.table} aria-label="Metadata">
          <thead>
            <tr>
              <th>Metadata</th>
              <th>{value.from.label}</th>
              <th>{value.to.label}</th>
            </tr>
          </thead>
          <tbody>
            {differing.map(key => (
              <tr key={key}>
                <td>{key}</td>
                <td>{JSON.stringify(value.from.metadata[key])}</td>
                <td>{JSON.stringify(value.to.metadata[key])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {value.changes.length > 0 && (
        <div className={styles.scroll}>
          <table className={styles.table} aria-label="Files">
            <thead>
              <tr>
                <th>Change</th>
                <th>File</th>
                <th>{value.from.label}</th>
                <th>{value.to.label}</th>
              </tr>
            </thead>
            <tbody>
              {value.changes.map(change => (
                <tr key={change.path}>
                  <td className={SIGNS[change.kind].style}>
                    {SIGNS[change.kind].sign}
                  </td>
                  <td className={styles.message}>
                    {change.fromPath
                      ? `${change.fromPath} → ${change.path}`
                      : change.path}
                  </td>
                  <td>
                    {cell(
                      change.from,
                      value.from.label,
                      change.fromPath ?? change.path,
                    )}
                  </td>
                  <td>{cell(change.to, value.to.label, change.path)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {value.truncated && (
        <Alert
          status="info"
          icon
          title={`The first ${value.changes.length} changes`}
          description="All files of both versions are in their manifests."
        />
      )}
    </Flex>
  );
}
