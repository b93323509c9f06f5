import { Flex, Text } from '@backstage/ui';
import type { Asset } from '@baseasset/backstage-plugin-asset-manager-common';
import { nameOf } from './assetAddress';
import { DeclarationBand } from './DeclarationBand';
import { DropZone } from './DropZone';
import { Snippet } from './Snippet';

/** Where the versions of an asset without any would stand. */
export function FirstPush(props: { asset: Asset; onPushed: () => void }) {
  const { asset, onPushed } = props;
  return (
    <Flex direction="column" gap="4">
      <DeclarationBand asset={asset} onAccepted={onPushed} />
      <Text variant="title-small">{`${nameOf(asset)} has no version yet`}</Text>
      {asset.description && <Text>{asset.description}</Text>}
      <Text color="secondary">Its files stand here after the first push:</Text>
      <Snippet
        text={`asset push ./folder ${nameOf(asset)} --message "the first one"`}
      />
      {asset.maintained && <DropZone asset={asset} onPushed={onPushed} />}
    </Flex>
  );
}
