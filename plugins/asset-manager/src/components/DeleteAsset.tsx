import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { Button } from '@backstage/ui';
import type { Asset } from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { RiDeleteBinLine } from '@remixicon/react';
import { useNavigate } from 'react-router-dom';
import { assetsRouteRef } from '../routes';
import { nameOf } from './assetAddress';
import { DeleteDialog } from './DeleteDialog';

/** Deletes an asset with all its versions; its maintainers see the button. */
export function DeleteAsset(props: { asset: Asset }) {
  const { asset } = props;
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const navigate = useNavigate();
  if (!asset.maintained) return null;
  return (
    <DeleteDialog
      title={`Delete ${nameOf(asset)} with all its versions?`}
      explanation="Nobody sees it or can read its files from then on. For a while it can be brought back, under Deleted on the page of all assets; then its bytes are deleted and its name is free."
      trigger={
        <Button variant="tertiary" size="small" iconStart={<RiDeleteBinLine />}>
          Delete this asset
        </Button>
      }
      remove={reason => client.deleteAsset(asset, reason)}
      onDeleted={() => navigate(`${assetsPath?.() ?? '/assets'}/deleted`)}
    />
  );
}
