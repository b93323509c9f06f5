import { useApi } from '@backstage/frontend-plugin-api';
import {
  Button,
  Flex,
  Menu,
  MenuItem,
  MenuTrigger,
  Skeleton,
  Text,
} from '@backstage/ui';
import {
  AssetFile,
  Digest,
  formatBytes,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  assetViewersApiRef,
  Bytes,
  CopyButton,
  DigestText,
  Problem,
  ViewerChoice,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { RemoteByteSource } from '@baseasset/client';
import { ErrorBoundary } from '@backstage/core-components';
import { RiArrowDownSLine, RiDownload2Line } from '@remixicon/react';
import { useMemo, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router-dom';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { addressOf, viewOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { useDownload } from './useDownload';
import styles from './FileView.module.css';

/** Shows one file by the viewer that suits it, or the one that the address names. */
export function FileView(
  props: AssetScopeValue & {
    file: AssetFile;
    plain?: boolean;
    /** Id of the viewer that the rules of the type name. */
    opensWith?: string;
  },
) {
  const { asset, version, base, file, plain, opensWith } = props;
  const client = useApi(assetManagerApiRef);
  const viewers = useApi(assetViewersApiRef);
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const view = viewOf(search);
  const { download, error: downloadError } = useDownload();
  const choices = viewers.choose(file);
  const asked = plain
    ? undefined
    : choices.find(choice => choice.viewer.id === view.viewer);
  const fitting = choices.filter(each => !each.refusal);
  const choice =
    asked ??
    fitting.find(each => each.viewer.id === opensWith) ??
    fitting[0] ??
    choices[0];
  const [unverified, setUnverified] = useState<Digest>();
  const source = useMemo(
    () =>
      new RemoteByteSource({
        client,
        onUnverified: () => setUnverified(file.digest),
        version: {
          namespace: asset.namespace,
          name: asset.name,
          selector: version.digest,
        },
        file,
      }),
    [client, asset.namespace, asset.name, version.digest, file],
  );
  const reference = formatReference({
    ...asset,
    selector: version.label,
    path: file.path,
  });
  const tooLarge = choices.find(each => each.refusal);

  return (
    <section className={styles.view} aria-label={file.path}>
      <Flex align="center" gap="3" className={styles.bar}>
        <Text weight="bold" className={styles.path}>
          {file.path}
        </Text>
        <CopyButton text={reference} what="reference" />
        {!plain && (
          <>
            <Text color="secondary" variant="body-small">
              {file.mediaType}
            </Text>
            <Text color="secondary" variant="body-small">
              <Bytes value={file.size} />
            </Text>
            <DigestText digest={file.digest} />
            <MenuTrigger>
              <Button
                size="small"
                variant="secondary"
                iconEnd={<RiArrowDownSLine />}
              >
                {`Open with ${choice?.viewer.title ?? '…'}`}
              </Button>
              <Menu>
                {choices.map(each => (
                  <MenuItem
                    key={each.viewer.id}
                    onAction={() =>
                      navigate(
                        addressOf(base, 'files', {
                          ...view,
                          file: file.path,
                          viewer: each.viewer.id,
                        }),
                      )
                    }
                  >
                    {each.refusal
                      ? `${each.viewer.title} (too large)`
                      : each.viewer.title}
                  </MenuItem>
                ))}
              </Menu>
            </MenuTrigger>
          </>
        )}
        <Button
          size="small"
          variant="secondary"
          iconStart={<RiDownload2Line />}
          onPress={() =>
            download(
              {
                namespace: asset.namespace,
                name: asset.name,
                selector: version.digest,
              },
              file.path,
            )
          }
        >
          Download
        </Button>
      </Flex>
      {downloadError !== undefined && <Problem error={downloadError} />}
      {unverified === file.digest && (
        <Text color="secondary" variant="body-small" className={styles.note}>
          The portal is reading this file for the first time: what is shown
          could not be verified yet.
        </Text>
      )}
      {tooLarge?.refusal && !asked && (
        <Text color="secondary" variant="body-small" className={styles.note}>
          {`This file has ${formatBytes(file.size)}; ${
            tooLarge.viewer.title
          } shows files up to ${formatBytes(tooLarge.refusal.maxBytes)}.`}
        </Text>
      )}
      {choice && (
        <ErrorBoundary key={`${file.digest} ${choice.viewer.id}`}>
          <Drawn
            {...props}
            choice={choice}
            source={source}
            openFile={path =>
              navigate(
                addressOf(base, 'files', { version: view.version, file: path }),
              )
            }
          />
        </ErrorBoundary>
      )}
    </section>
  );
}

function Drawn(
  props: AssetScopeValue & {
    file: AssetFile;
    choice: ViewerChoice;
    source: RemoteByteSource;
    openFile: (path: string) => void;
  },
) {
  const { asset, version, file, choice, source, openFile } = props;
  const { viewer, refusal } = choice;
  const [anyway, setAnyway] = useState(false);
  const {
    value: Viewer,
    error,
    retry,
  } = useAsyncRetry(async () => {
    const component = await viewer.loader();
    return { component };
  }, [viewer]);
  if (refusal && !anyway) {
    return (
      <Flex direction="column" align="start" gap="3" className={styles.refusal}>
        <Text>
          {`${viewer.title} shows files up to ${formatBytes(
            refusal.maxBytes,
          )}, and this one has ${formatBytes(
            file.size,
          )}. It may slow this page down.`}
        </Text>
        <Button
          size="small"
          variant="secondary"
          onPress={() => setAnyway(true)}
        >
          Show it all the same
        </Button>
      </Flex>
    );
  }
  if (error) return <Problem error={error} retry={retry} />;
  if (!Viewer) return <Skeleton width="100%" height={200} />;
  return (
    <Viewer.component
      asset={asset}
      version={version.digest}
      file={file}
      source={source}
      openFile={openFile}
    />
  );
}
