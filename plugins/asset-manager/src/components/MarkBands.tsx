import { useApi } from '@backstage/frontend-plugin-api';
import type {
  Asset,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import { Band } from './Band';

const day = (time: string) => time.slice(0, 10);

/** What whoever uses a version ought to know of it: that it is retracted, on hold, or what its stage says. */
export function MarkBands(props: {
  asset: Asset;
  version: AssetVersion;
  onChanged: () => void;
}) {
  const { asset, version, onChanged } = props;
  const { retraction, banner, label } = version;
  const client = useApi(assetManagerApiRef);
  const [error, setError] = useState<unknown>();
  const { value: holds = [] } = useAsync(
    () => client.lifecycle.listHolds(asset),
    [client, asset],
  );
  if (error !== undefined) return <Problem error={error} />;
  const reinstate = () =>
    client.lifecycle
      .reinstate({ ...asset, selector: version.digest })
      .then(onChanged, setError);
  return (
    <>
      {retraction && (
        <Band
          status="warning"
          text={`This version was retracted on ${day(retraction.at)} by ${
            retraction.by
          }: ${retraction.reason}`}
          action={asset.maintained ? 'Take that back' : undefined}
          onAction={reinstate}
        />
      )}
      {banner && <Band status="warning" text={banner} />}
      {holds
        .filter(hold => hold.label === undefined || hold.label === label)
        .map(hold => (
          <Band
            key={hold.id}
            text={`${
              hold.label === undefined ? 'This asset' : 'This version'
            } is on hold since ${day(hold.placedAt)} by ${hold.placedBy}: ${
              hold.reason
            }`}
          />
        ))}
    </>
  );
}
