import { useApi } from '@backstage/frontend-plugin-api';
import type { Asset } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import { Band } from './Band';

/** Says that a repository declares the asset, and lets an owner accept it. */
export function DeclarationBand(props: {
  asset: Asset;
  onAccepted: () => void;
}) {
  const { asset, onAccepted } = props;
  const client = useApi(assetManagerApiRef);
  const [error, setError] = useState<unknown>();
  const { declaration } = asset;
  if (declaration?.state !== 'proposed') return null;
  if (error) return <Problem error={error} retry={() => setError(undefined)} />;
  return (
    <Band
      text={`${declaration.location} declares this asset, and waits for ${asset.owner} to accept it. Until then it does not change the card.`}
      action={asset.maintained ? 'Accept it' : undefined}
      onAction={() =>
        client
          .acceptDeclaration(asset, declaration.location)
          .then(onAccepted, setError)
      }
    />
  );
}
