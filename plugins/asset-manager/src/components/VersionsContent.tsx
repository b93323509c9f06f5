import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Checkbox, Flex, Link, Skeleton, Text } from '@backstage/ui';
import type { AssetVersion } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Bytes,
  DigestText,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { addressOf, viewOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { Compare } from './Compare';
import { DeleteVersion } from './DeleteVersion';
import { DropZone } from './DropZone';
import { RetractVersion } from './RetractVersion';
import { SetAlias } from './SetAlias';
import styles from './table.module.css';

const PAGE = 50;

function changesOf({ changes }: AssetVersion): string {
  if (!changes) return '';
  return `+${changes.added} ~${changes.changed} −${changes.removed}`;
}

/** The versions, newest first; two of them compare. */
export function VersionsContent(props: AssetScopeValue) {
  const { asset, version: shown, base, reload } = props;
  const client = useApi(assetManagerApiRef);
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const view = viewOf(search);
  const [count, setCount] = useState(PAGE);
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const {
    value: versions,
    error,
    retry,
  } = useAsyncRetry(async () => {
    const found: AssetVersion[] = [];
    for await (const version of client.versions(asset, { limit: PAGE })) {
      found.push(version);
      if (found.length === count) break;
    }
    return found;
  }, [client, asset, count]);

  if (view.compare) return <Compare {...props} range={view.compare} />;
  if (error) return <Problem error={error} retry={retry} />;
  if (!versions) return <Skeleton width="100%" height={240} />;

  const tick = (label: string, on: boolean) =>
    setTicked(before =>
      on
        ? [...before.filter(each => each !== label), label].slice(-2)
        : before.filter(each => each !== label),
    );
  const compare = () => {
    const [a, b] = versions
      .filter(version => ticked.includes(version.label))
      .sort((x, y) => x.sequence - y.sequence);
    navigate(
      addressOf(base, 'versions', {
        ...view,
        compare: `${a.label}..${b.label}`,
      }),
    );
  };
  return (
    <Flex direction="column" gap="4">
      <Flex align="center" gap="3">
        <Button size="small" isDisabled={ticked.length !== 2} onPress={compare}>
          Compare
        </Button>
        <Text color="secondary">
          {ticked.length === 2
            ? `${ticked.join(' and ')}`
            : 'Tick two versions to compare them.'}
        </Text>
      </Flex>
      <div className={styles.scroll}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th aria-label="Compare" />
              <th>Version</th>
              <th>Message</th>
              <th>Made</th>
              <th>Files</th>
              <th>Size</th>
              <th>Changes</th>
              <th>Digest</th>
              {asset.maintained && <th aria-label="Actions" />}
            </tr>
          </thead>
          <tbody>
            {versions.map(version => (
              <tr
                key={version.digest}
                className={
                  version.digest === shown.digest ? styles.shown : undefined
                }
              >
                <td>
                  <Checkbox
                    aria-label={`Compare version ${version.label}`}
                    isSelected={ticked.includes(version.label)}
                    onChange={on => tick(version.label, on)}
                  />
                </td>
                <td>
                  <Link
                    href={addressOf(base, 'files', { version: version.label })}
                  >
                    {version.label}
                  </Link>
                  {version.latest && (
                    <span className={styles.chip}>latest</span>
                  )}
                  {version.stage && (
                    <span className={styles.chip}>{version.stage}</span>
                  )}
                  {version.deletion && (
                    <span className={styles.chip}>deleted</span>
                  )}
                  {version.retraction && (
                    <span
                      className={`${styles.chip} ${styles.failed}`}
                      title={version.retraction.reason}
                    >
                      retracted
                    </span>
                  )}
                  {version.aliases.map(alias => (
                    <span key={alias} className={styles.chip}>
                      {alias}
                    </span>
                  ))}
                </td>
                <td className={styles.message}>{version.message}</td>
                <td>
                  <Age time={version.createdAt} />
                  {version.createdBy.startsWith('user:') && (
                    <>
                      {' by '}
                      <EntityRefLink entityRef={version.createdBy} />
                    </>
                  )}
                </td>
                <td className={styles.number}>
                  {version.fileCount.toLocaleString('en-US')}
                </td>
                <td className={styles.number}>
                  <Bytes value={version.size} />
                </td>
                <td
                  className={styles.number}
                  title="files added, changed and removed"
                >
                  {changesOf(version)}
                </td>
                <td>
                  <DigestText digest={version.digest} />
                </td>
                {asset.maintained && (
                  <td>
                    <DeleteVersion
                      asset={asset}
                      version={version}
                      onDeleted={() => {
                        reload();
                        retry();
                      }}
                    />
                    <RetractVersion
                      asset={asset}
                      version={version}
                      onRetracted={() => {
                        reload();
                        retry();
                      }}
                    />
                    <SetAlias
                      asset={asset}
                      version={version}
                      onMoved={() => {
                        reload();
                        retry();
                      }}
                    />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {versions.length < asset.versionCount && (
        <Button variant="secondary" onPress={() => setCount(count + PAGE)}>
          {`Show more of ${asset.versionCount}`}
        </Button>
      )}
      {asset.maintained && (
        <DropZone
          asset={asset}
          onPushed={() => {
            reload();
            retry();
          }}
        />
      )}
    </Flex>
  );
}
