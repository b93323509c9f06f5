import { useApi } from '@backstage/frontend-plugin-api';
import { Alert, Flex, SearchField, Skeleton, Text } from '@backstage/ui';
import {
  AssetFile,
  matchesPattern,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router-dom';
import useAsync from 'react-use/lib/useAsync';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { addressOf, viewOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { FileTree } from './FileTree';
import { FileView } from './FileView';
import styles from './FilesContent.module.css';

/** More files than this are not listed in the browser; the command line lists them all. */
const MOST_FILES = 50_000;

/** The tree of a version's files, and the file that the address names. */
export function FilesContent(props: AssetScopeValue) {
  const { asset, version, base } = props;
  const client = useApi(assetManagerApiRef);
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const view = viewOf(search);
  const [filter, setFilter] = useState('');
  const {
    value: files,
    error,
    retry,
  } = useAsyncRetry(async () => {
    const found: AssetFile[] = [];
    for await (const file of client.files(
      { ...asset, selector: version.digest },
      { limit: 10_000 },
    )) {
      found.push(file);
      if (found.length === MOST_FILES) break;
    }
    return found;
  }, [client, asset.namespace, asset.name, version.digest]);

  // Without the rules of its type a file opens with what suits it best.
  const { value: type } = useAsync(
    () => client.types.get(asset.type).catch(() => undefined),
    [client, asset.type],
  );
  const viewerOf = ({ path }: AssetFile) =>
    type?.spec.viewers?.find(each => matchesPattern(each.files, path))?.viewer;

  if (error) return <Problem error={error} retry={retry} />;
  if (!files) {
    return (
      <div className={styles.columns}>
        <Skeleton width="100%" height={300} />
        <Skeleton width="100%" height={300} />
      </div>
    );
  }
  const file = files.find(each => each.path === view.file);
  return (
    <Flex direction="column" gap="3">
      {files.length < version.fileCount && (
        <Alert
          status="info"
          icon
          title={`The first ${MOST_FILES.toLocaleString(
            'en-US',
          )} of ${version.fileCount.toLocaleString('en-US')} files`}
          description={`All of them: asset files ${asset.namespace}/${asset.name}@${version.label}`}
        />
      )}
      <div className={styles.columns}>
        <div className={styles.tree}>
          <SearchField
            aria-label="Filter files"
            placeholder="Filter files"
            size="small"
            value={filter}
            onChange={setFilter}
          />
          <FileTree
            files={files}
            filter={filter}
            selected={view.file}
            onSelect={path =>
              navigate(
                addressOf(base, 'files', { version: view.version, file: path }),
                {
                  preventScrollReset: true,
                },
              )
            }
          />
        </div>
        <div className={styles.viewer}>
          {file && (
            <FileView
              key={file.digest + file.path}
              {...props}
              file={file}
              opensWith={viewerOf(file)}
            />
          )}
          {!file && view.file !== undefined && (
            <Alert
              status="warning"
              icon
              title={`${view.file} is not in version ${version.label}`}
              description="It may be in another one; choose it above."
            />
          )}
          {!file && view.file === undefined && (
            <Text color="secondary">
              Choose a file to look at it. Arrow keys walk the tree.
            </Text>
          )}
        </div>
      </div>
    </Flex>
  );
}
