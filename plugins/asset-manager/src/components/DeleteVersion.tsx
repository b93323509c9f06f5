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
import type {
  Asset,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { RiDeleteBinLine } from '@remixicon/react';
import { useState } from 'react';

/** Deletes a version once a person has seen what that means. */
export function DeleteVersion(props: {
  asset: Asset;
  version: AssetVersion;
  onDeleted: () => void;
}) {
  const { asset, version, onDeleted } = props;
  const client = useApi(assetManagerApiRef);
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>();
  if (version.deletion) return null;
  const remove = async () => {
    try {
      await client.deleteVersion(
        { ...asset, selector: version.digest },
        reason || undefined,
      );
      setOpen(false);
      setError(undefined);
      onDeleted();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <ButtonIcon
        aria-label={`Delete version ${version.label}`}
        size="small"
        variant="tertiary"
        icon={<RiDeleteBinLine />}
      />
      <Dialog width={460}>
        <DialogHeader>{`Delete version ${version.label}?`}</DialogHeader>
        <DialogBody>
          <Flex direction="column" gap="3">
            <Text>
              Nobody can read its files from then on. For a while it can be
              brought back from its own page; then its bytes are deleted, as far
              as no other version needs them.
            </Text>
            <TextField label="Reason" value={reason} onChange={setReason} />
            {error !== undefined && <Problem error={error} />}
          </Flex>
        </DialogBody>
        <DialogFooter>
          <Button onPress={remove}>Delete</Button>
          <Button variant="secondary" slot="close">
            Cancel
          </Button>
        </DialogFooter>
      </Dialog>
    </DialogTrigger>
  );
}
