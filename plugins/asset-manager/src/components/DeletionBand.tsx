import { useApi } from '@backstage/frontend-plugin-api';
import type {
  Asset,
  AssetVersion,
  Deletion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import { Band } from './Band';

const day = (time: string) => time.slice(0, 10);

function sentenceOf({ at, by, reason, until }: Deletion): string {
  const why = reason ? ` (${reason})` : '';
  const now = until
    ? `It can be brought back until ${day(until)}.`
    : 'Its bytes are gone.';
  return `This version was deleted on ${day(at)} by ${by}${why}. ${now}`;
}

/** Says that a version is deleted, and lets its maintainers bring it back. */
export function DeletionBand(props: {
  asset: Asset;
  version: AssetVersion;
  onUndeleted: () => void;
}) {
  const { asset, version, onUndeleted } = props;
  const client = useApi(assetManagerApiRef);
  const [error, setError] = useState<unknown>();
  const { deletion } = version;
  if (!deletion) return null;
  if (error !== undefined) return <Problem error={error} />;
  const undelete = () =>
    client
      .undeleteVersion({ ...asset, selector: version.digest })
      .then(onUndeleted, setError);
  return (
    <Band
      status="warning"
      text={sentenceOf(deletion)}
      action={deletion.until && asset.maintained ? 'Bring it back' : undefined}
      onAction={undelete}
    />
  );
}
