import { useApi } from '@backstage/frontend-plugin-api';
import { ButtonIcon } from '@backstage/ui';
import type {
  Asset,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { RiDeleteBinLine } from '@remixicon/react';
import { DeleteDialog } from './DeleteDialog';

/** Deletes a version once a person has seen what that means. */
export function DeleteVersion(props: {
  asset: Asset;
  version: AssetVersion;
  onDeleted: () => void;
}) {
  const { asset, version, onDeleted } = props;
  const client = useApi(assetManagerApiRef);
  if (version.deletion) return null;
  return (
    <DeleteDialog
      title={`Delete version ${version.label}?`}
      explanation="Nobody can read its files from then on. For a while it can be brought back from its own page; then its bytes are deleted, as far as no other version needs them."
      trigger={
        <ButtonIcon
          aria-label={`Delete version ${version.label}`}
          size="small"
          variant="tertiary"
          icon={<RiDeleteBinLine />}
        />
      }
      remove={reason =>
        client.deleteVersion({ ...asset, selector: version.digest }, reason)
      }
      onDeleted={onDeleted}
    />
  );
}
