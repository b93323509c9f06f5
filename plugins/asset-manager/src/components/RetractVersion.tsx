import { useApi } from '@backstage/frontend-plugin-api';
import { ButtonIcon, Text, TextField } from '@backstage/ui';
import type {
  Asset,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { RiProhibitedLine } from '@remixicon/react';
import { useState } from 'react';
import { ActionDialog } from './ActionDialog';

/** Says that a version is not to be used any more. */
export function RetractVersion(props: {
  asset: Asset;
  version: AssetVersion;
  onRetracted: () => void;
}) {
  const { asset, version, onRetracted } = props;
  const client = useApi(assetManagerApiRef);
  const [reason, setReason] = useState('');
  if (version.deletion || version.retraction) return null;
  return (
    <ActionDialog
      title={`Retract version ${version.label}?`}
      trigger={
        <ButtonIcon
          aria-label={`Retract version ${version.label}`}
          size="small"
          variant="tertiary"
          icon={<RiProhibitedLine />}
        />
      }
      action="Retract"
      isReady={reason.trim() !== ''}
      run={() =>
        client.lifecycle.retract(
          { ...asset, selector: version.digest },
          reason.trim(),
        )
      }
      onDone={onRetracted}
    >
      <Text>
        It stays, and is marked with the reason wherever it is shown; latest
        passes over it.
      </Text>
      <TextField label="Reason" value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
