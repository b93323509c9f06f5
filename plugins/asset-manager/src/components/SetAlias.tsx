import { useApi } from '@backstage/frontend-plugin-api';
import {
  Button,
  ButtonIcon,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  DialogTrigger,
  Flex,
  Text,
  TextField,
} from '@backstage/ui';
import {
  Asset,
  AssetVersion,
  labelProblem,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { RiBookmarkLine } from '@remixicon/react';
import { useState } from 'react';

/** Points an alias to a version, and says before what it moves from and to. */
export function SetAlias(props: {
  asset: Asset;
  version: AssetVersion;
  onMoved: () => void;
}) {
  const { asset, version, onMoved } = props;
  const client = useApi(assetManagerApiRef);
  const [open, setOpen] = useState(false);
  const [alias, setAlias] = useState('');
  const [error, setError] = useState<unknown>();
  const standing = asset.aliases.find(each => each.name === alias);
  const problem = alias === '' ? undefined : labelProblem(alias);
  const sentence = standing
    ? `Moves ${alias} from version ${standing.label} to version ${version.label}.`
    : `Points ${alias} to version ${version.label}; it points nowhere now.`;
  const move = async () => {
    try {
      await client.setAlias(asset, alias, {
        version: version.digest,
        expected: standing?.label ?? null,
      });
      setOpen(false);
      setAlias('');
      setError(undefined);
      onMoved();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <ButtonIcon
        aria-label={`Set an alias on version ${version.label}`}
        size="small"
        variant="tertiary"
        icon={<RiBookmarkLine />}
      />
      <Dialog width={460}>
        <DialogHeader>{`Alias for version ${version.label}`}</DialogHeader>
        <DialogBody>
          <Flex direction="column" gap="3">
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
            {error !== undefined && <Problem error={error} />}
          </Flex>
        </DialogBody>
        <DialogFooter>
          <Button
            isDisabled={alias === '' || problem !== undefined}
            onPress={move}
          >
            Set alias
          </Button>
          <Button variant="secondary" slot="close">
            Cancel
          </Button>
        </DialogFooter>
      </Dialog>
    </DialogTrigger>
  );
}
