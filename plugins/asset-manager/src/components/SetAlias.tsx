import { useApi } from '@backstage/frontend-plugin-api';
import { Button, ButtonIcon, Flex, Text, TextField } from '@backstage/ui';
import {
  Asset,
  AssetVersion,
  labelProblem,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { RiBookmarkLine } from '@remixicon/react';
import { useState } from 'react';
import { ActionDialog } from './ActionDialog';

/** Points an alias to a version, and says before what it moves from and to. */
export function SetAlias(props: {
  asset: Asset;
  version: AssetVersion;
  onMoved: () => void;
}) {
  const { asset, version, onMoved } = props;
  const client = useApi(assetManagerApiRef);
  const [alias, setAlias] = useState('');
  const standing = asset.aliases.find(each => each.name === alias);
  const problem = alias === '' ? undefined : labelProblem(alias);
  const sentence = standing
    ? `Moves ${alias} from version ${standing.label} to version ${version.label}.`
    : `Points ${alias} to version ${version.label}; it points nowhere now.`;
  return (
    <ActionDialog
      title={`Alias for version ${version.label}`}
      trigger={
        <ButtonIcon
          aria-label={`Set an alias on version ${version.label}`}
          size="small"
          variant="tertiary"
          icon={<RiBookmarkLine />}
        />
      }
      action="Set alias"
      isReady={alias !== '' && problem === undefined}
      run={() =>
        client.setAlias(asset, alias, {
          version: version.digest,
          expected: standing?.label ?? null,
        })
      }
      onDone={() => {
        setAlias('');
        onMoved();
      }}
    >
      <TextField label="Alias" value={alias} onChange={setAlias} />
      {asset.aliases.length > 0 && (
        <Flex gap="2" style={{ flexWrap: 'wrap' }}>
          {asset.aliases.map(each => (
            <Button
              key={each.name}
              size="small"
              variant="secondary"
              onPress={() => setAlias(each.name)}
            >
              {`${each.name} → ${each.label}`}
            </Button>
          ))}
        </Flex>
      )}
      {alias !== '' && (
        <Text color={problem ? 'danger' : 'secondary'}>
          {problem ?? sentence}
        </Text>
      )}
    </ActionDialog>
  );
}
