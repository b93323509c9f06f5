import { Button, Flex, Menu, MenuItem, MenuTrigger, Text } from '@backstage/ui';
import { useApi } from '@backstage/frontend-plugin-api';
import {
  Asset,
  AssetVersion,
  LATEST,
  shortDigest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  AssetNameText,
  DigestText,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { RiArrowDownSLine } from '@remixicon/react';
import { useNavigate, useSearchParams } from 'react-router-dom';
import useAsync from 'react-use/lib/useAsync';
import { addressOf, AssetTab, viewOf } from './assetAddress';
import { AskHistory } from './AskHistory';
import { Band } from './Band';
import { DeletionBand } from './DeletionBand';
import { MarkBands } from './MarkBands';
import { UseIt } from './UseIt';

const OFFERED = 30;

/** Says which version is looked at, lets another be chosen, and how to use it. */
export function VersionBar(props: {
  asset: Asset;
  version: AssetVersion;
  base: string;
  tab: AssetTab;
  reload: () => void;
}) {
  const { asset, version, base, tab, reload } = props;
  const client = useApi(assetManagerApiRef);
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const view = viewOf(search);
  const { value: versions } = useAsync(
    async () => (await client.listVersions(asset, { limit: OFFERED })).items,
    [client, asset],
  );
  const show = (selector: string | undefined) =>
    navigate(
      addressOf(base, tab, {
        ...view,
        compare: undefined,
        run: undefined,
        asOf: undefined,
        meant: undefined,
        version: selector,
      }),
    );
  const alias =
    view.version && version.aliases.includes(view.version)
      ? view.version
      : undefined;
  const shown = alias ?? (view.version === undefined ? LATEST : undefined);

  return (
    <Flex direction="column" gap="3">
      <Flex
        align="center"
        gap="3"
        justify="between"
        style={{ flexWrap: 'wrap' }}
      >
        <Flex align="center" gap="3" style={{ flexWrap: 'wrap' }}>
          <Text variant="title-x-small">
            <AssetNameText asset={asset} />
          </Text>
          <MenuTrigger>
            <Button
              variant="secondary"
              size="small"
              iconEnd={<RiArrowDownSLine />}
            >
              {shown
                ? `${shown} → ${version.label}`
                : `version ${version.label}`}
            </Button>
            <Menu>
              <MenuItem
                onAction={() => show(undefined)}
              >{`latest → ${asset.latest?.label}`}</MenuItem>
              {asset.aliases.map(each => (
                <MenuItem
                  key={`alias ${each.name}`}
                  onAction={() => show(each.name)}
                >
                  {`${each.name} → ${each.label}`}
                </MenuItem>
              ))}
              {(versions ?? []).map(each => (
                <MenuItem
                  key={`version ${each.label}`}
                  onAction={() => show(each.label)}
                >
                  {`${each.label} · ${shortDigest(each.digest)}`}
                </MenuItem>
              ))}
            </Menu>
          </MenuTrigger>
          <AskHistory
            asset={asset}
            onFound={({ version: found, ...then }) =>
              navigate(addressOf(base, tab, { version: found.label, ...then }))
            }
          />
          <DigestText digest={version.digest} />
          <Text color="secondary">
            <Age time={version.createdAt} />
          </Text>
        </Flex>
        {!version.deletion && (
          <UseIt asset={asset} version={version} alias={alias} />
        )}
      </Flex>
      <DeletionBand asset={asset} version={version} onUndeleted={reload} />
      <MarkBands asset={asset} version={version} onChanged={reload} />
      {view.asOf && view.meant && (
        <Band
          text={`On ${new Date(view.asOf).toLocaleString()} '${
            view.meant
          }' meant version ${version.label}.`}
          action="Back to now"
          onAction={() => show(undefined)}
        />
      )}
      {!version.latest && !version.deletion && !view.asOf && (
        <Band
          text={`This is version ${version.label}, and not the latest.`}
          action={`Go to ${asset.latest?.label}`}
          onAction={() => show(undefined)}
        />
      )}
      {version.verification === 'received' && !version.deletion && (
        <Band text="The bytes of this version went straight to their store, and are being verified there. Whoever reads them verifies them, too." />
      )}
      {version.verification === 'damaged' && (
        <Band
          status="danger"
          text="Bytes of this version were found damaged where they are stored. Pushing the same content again mends it."
        />
      )}
    </Flex>
  );
}
